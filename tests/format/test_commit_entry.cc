// SPDX-License-Identifier: Apache-2.0
#include <yore/format/commit_entry.h>

#include "golden.h"

using namespace yore;
using namespace yore::format;
using namespace yore::test;

namespace {

CommitEntry example() {
    CommitEntry entry;
    entry.number = {7};
    entry.time = {1'000'000'007};
    entry.built_on = {5};
    entry.predecessor = counting<ChunkId>(0xa0).bytes;
    entry.writer = "host/42";
    entry.packs.push_back({.id = counting<PackId>(0x10),
                           .domain = Domain::node,
                           .is_inline = true,
                           .number = 9,
                           .items = 3,
                           .plain_bytes = 300,
                           .stored_bytes = 200});
    entry.condemned = {counting<PackId>(0x20)};
    entry.dropped = {counting<PackId>(0x30), counting<PackId>(0x40)};
    entry.records.push_back({.key = to_bytes(as_bytes("key")), .value = to_bytes(as_bytes("v"))});
    entry.records.push_back({.key = to_bytes(as_bytes("gone")), .value = std::nullopt});
    return entry;
}

}  // namespace

TEST_CASE("A commit entry has its golden bytes") {
    const Bytes golden = from_hex(
        "0100 00 00 0700000000000000 07ca9a3b00000000 0500000000000000"
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf 07 686f73742f3432"
        "01000000 101112131415161718191a1b1c1d1e1f 02 01 0900000000000000 03000000"
        "2c01000000000000 c800000000000000"
        "01000000 202122232425262728292a2b2c2d2e2f"
        "02000000 303132333435363738393a3b3c3d3e3f 404142434445464748494a4b4c4d4e4f"
        "02000000 0300 6b6579 01 01000000 76 0400 676f6e65 00");
    CHECK(encode_commit_entry(example()) == golden);
    CHECK(decode_commit_entry(golden, {7}) == example());
}

TEST_CASE("A commit entry of another shape or number is corrupt") {
    const Bytes sound = encode_commit_entry(example());
    CHECK_THROWS_AS(decode_commit_entry(sound, {8}), Error);
    for (std::size_t size = 0; size < sound.size(); ++size) {
        Bytes cut(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK_THROWS_AS(decode_commit_entry(cut, {7}), Error);
    }
    Bytes longer = sound;
    longer.push_back(std::byte{0});
    CHECK_THROWS_AS(decode_commit_entry(longer, {7}), Error);
    // Any other byte: it is refused or it says something else, but nothing runs out of bounds.
    for (std::size_t at = 0; at < sound.size(); ++at) {
        for (unsigned flip = 1; flip < 256; ++flip) {
            Bytes damaged = sound;
            damaged[at] ^= static_cast<std::byte>(flip);
            try {
                CommitEntry entry = decode_commit_entry(damaged, {7});
                if (entry == example()) FAIL("a changed byte without effect at " << at);
            } catch (const Error& error) {
                if (error.code() != Errc::corrupt) FAIL(error.what());
            }
        }
    }
}

TEST_CASE("The envelope tells damage from a newer format and from another repository") {
    const auto repository = counting<RepositoryId>(0x50);
    Bytes stored = encode_commit_envelope(repository);
    CHECK(stored == from_hex("59434d54 01000000 505152535455565758595a5b5c5d5e5f"));
    stored.push_back(std::byte{9});
    CHECK(to_hex(open_commit_envelope(stored, repository)) == "09");

    auto code_of = [&](const Bytes& bytes, RepositoryId id) {
        try {
            open_commit_envelope(bytes, id);
        } catch (const Error& error) {
            return error.code();
        }
        FAIL("it was taken");
        return Errc::io;
    };
    CHECK(code_of(stored, counting<RepositoryId>(0x51)) == Errc::corrupt);
    Bytes newer = stored;
    newer[4] = std::byte{2};
    CHECK(code_of(newer, repository) == Errc::unsupported);
    newer[0] = std::byte{0};
    CHECK(code_of(newer, repository) == Errc::corrupt);
    CHECK(code_of(Bytes(10), repository) == Errc::corrupt);
}

TEST_CASE("The founding commit has its golden bytes") {
    const auto repository = counting<RepositoryId>(0x50);
    const Bytes golden =
        from_hex("59434d54 01000000 505152535455565758595a5b5c5d5e5f 9229c5aaaabd67fc");
    CHECK(encode_founding_commit(repository) == golden);
    CHECK(decode_founding_commit(golden, repository).number == founding_commit);
    check_damage(golden, [&](const Bytes& bytes) { decode_founding_commit(bytes, repository); });
}
