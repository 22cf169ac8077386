// SPDX-License-Identifier: Apache-2.0
#include <yore/format/pack_index.h>

#include "golden.h"

using namespace yore;
using namespace yore::format;
using namespace yore::test;

namespace {

PackIndex example() {
    PackIndex index{.pack = counting<PackId>(0x70), .domain = Domain::chunk, .items = {}};
    index.items.push_back(
        {.id = counting<ChunkId>(0x20).bytes, .stored_bytes = 1234, .plain_bytes = 65536});
    index.items.push_back({.id = counting<ChunkId>(0x60).bytes,
                           .stored_bytes = 99,
                           .plain_bytes = 65535,
                           .base = counting<ChunkId>(0x20)});
    return index;
}

PackIndex decode(const Bytes& bytes) {
    return decode_pack_index(bytes, counting<PackId>(0x70), Domain::chunk);
}

}  // namespace

TEST_CASE("A pack index has its golden bytes") {
    const Bytes golden = from_hex(
        "01 01 707172737475767778797a7b7c7d7e7f 02000000"
        "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f d2040000 00000100 00"
        "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f 63000000 ffff0000 01"
        "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");
    CHECK(encode_pack_index(example()) == golden);
    CHECK(decode(golden) == example());
    const PackIndex empty{.pack = counting<PackId>(0x70), .domain = Domain::chunk, .items = {}};
    CHECK(decode(encode_pack_index(empty)) == empty);
}

TEST_CASE("A pack index of another shape or pack is corrupt") {
    const Bytes sound = encode_pack_index(example());
    for (std::size_t size = 0; size < sound.size(); ++size) {
        Bytes cut(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK_THROWS_AS(decode(cut), Error);
    }
    Bytes longer = sound;
    longer.push_back(std::byte{0});
    CHECK_THROWS_AS(decode(longer), Error);
    for (std::size_t at : {0u, 1u, 2u, 18u, 19u, 20u, 21u, 62u, 103u}) {
        Bytes damaged = sound;
        damaged[at] ^= std::byte{2};
        CAPTURE(at);
        CHECK_THROWS_AS(decode(damaged), Error);
    }
    CHECK_THROWS_AS(decode_pack_index(sound, counting<PackId>(0x71), Domain::chunk), Error);
    CHECK_THROWS_AS(decode_pack_index(sound, counting<PackId>(0x70), Domain::node), Error);
}
