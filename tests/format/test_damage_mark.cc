// SPDX-License-Identifier: Apache-2.0
#include <yore/format/damage_mark.h>

#include "golden.h"

using namespace yore;
using namespace yore::format;
using namespace yore::test;

namespace {

const DamageMark mark{.domain = Domain::node,
                      .id = counting<NodeId>(0x20).bytes,
                      .state = DamageState::stored_anew,
                      .found = {0x0102030405060708}};

}  // namespace

TEST_CASE("A mark of damage has its golden bytes, and is read") {
    const Bytes key = damage_key(mark.domain, mark.id), value = encode_damage_mark(mark);
    CHECK(to_hex(key) == "6402" + to_hex(mark.id));
    CHECK(value == from_hex("01 02 0807060504030201"));
    CHECK(decode_damage_mark(key, value) == mark);
}

TEST_CASE("What is no mark of damage is corrupt") {
    const Bytes key = damage_key(mark.domain, mark.id), value = encode_damage_mark(mark);
    const auto refused = [](const Bytes& some_key, const Bytes& some_value) {
        return code_thrown_by([&] { decode_damage_mark(some_key, some_value); }) == Errc::corrupt;
    };
    for (std::size_t bytes = 0; bytes < value.size(); ++bytes)
        CHECK(refused(key, Bytes(value.begin(), value.begin() + static_cast<long>(bytes))));
    for (std::size_t bytes = 0; bytes < key.size(); ++bytes)
        CHECK(refused(Bytes(key.begin(), key.begin() + static_cast<long>(bytes)), value));
    CHECK(refused(key, from_hex("02 02 0807060504030201")));
    CHECK(refused(key, from_hex("01 03 0807060504030201")));
    CHECK(refused(key, from_hex("01 02 0807060504030201 00")));
    CHECK(refused(damage_key(Domain{3}, mark.id), value));
}
