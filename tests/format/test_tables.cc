// SPDX-License-Identifier: Apache-2.0
#include <yore/format/tables.h>

#include "golden.h"

using namespace yore;
using namespace yore::format;
using namespace yore::test;

namespace {

const ChunkId object = counting<ChunkId>(0x20);
const IndexRow whole{.location = Location::of(3, 5), .plain_bytes = 65536, .stored_bytes = 1234};
const IndexRow delta{.location = Location::of(3, 6),
                     .plain_bytes = 65536,
                     .stored_bytes = 99,
                     .base = counting<ChunkId>(0x40)};
const PackRow pack{.id = counting<PackId>(0x70),
                   .domain = Domain::node,
                   .state = PackState::condemned,
                   .is_inline = true,
                   .items = 7,
                   .plain_bytes = 1000,
                   .stored_bytes = 500,
                   .reachable_since = {12},
                   .condemned_by = {13}};

}  // namespace

TEST_CASE("An index row has its golden bytes") {
    const Bytes key = index_key(Domain::chunk, object.bytes);
    CHECK(to_hex(key) == "01" + object.hex());
    CHECK(encode_index_row(key, whole) ==
          from_hex("01 00 0500000300000000 00000100 d2040000 09d8d58e"));
    CHECK(encode_index_row(key, delta) ==
          from_hex("01 01 0600000300000000 00000100 63000000"
                   "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f 68b17e2f"));
    CHECK(decode_index_row(key, encode_index_row(key, whole)) == whole);
    CHECK(decode_index_row(key, encode_index_row(key, delta)) == delta);
}

TEST_CASE("A pack row has its golden bytes") {
    const Bytes key = pack_key(0x0102030405);
    CHECK(to_hex(key) == "0000000102030405");
    CHECK(parse_pack_key(key) == 0x0102030405u);
    CHECK(encode_pack_row(key, pack) ==
          from_hex("01 02 02 01 707172737475767778797a7b7c7d7e7f 07000000 e803000000000000"
                   "f401000000000000 0c00000000000000 0d00000000000000 beaff21b"));
    CHECK(decode_pack_row(key, encode_pack_row(key, pack)) == pack);
}

TEST_CASE("A damaged row is corrupt, and so is a row under another key") {
    const Bytes index = index_key(Domain::chunk, object.bytes);
    const Bytes number = pack_key(9);
    check_damage(encode_index_row(index, whole),
                 [&](const Bytes& bytes) { decode_index_row(index, bytes); });
    check_damage(encode_index_row(index, delta),
                 [&](const Bytes& bytes) { decode_index_row(index, bytes); });
    check_damage(encode_pack_row(number, pack),
                 [&](const Bytes& bytes) { decode_pack_row(number, bytes); });
    CHECK_THROWS_AS(
        decode_index_row(index_key(Domain::node, object.bytes), encode_index_row(index, whole)),
        Error);
}

TEST_CASE("Keys of another shape are not taken for keys") {
    CHECK_FALSE(parse_index_key(from_hex("01")));
    CHECK_FALSE(parse_index_key(Bytes(33, std::byte{3})));
    CHECK(parse_index_key(index_key(Domain::node, object.bytes))->domain == Domain::node);
    CHECK(parse_index_key(index_key(Domain::node, object.bytes))->id == object.bytes);
    CHECK_FALSE(parse_pack_key(Bytes(7)));
}
