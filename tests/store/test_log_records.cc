// SPDX-License-Identifier: Apache-2.0
#include <xxhash.h>

#include "../postgresql/wal_builder.h"
#include "store/log_records.h"
#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;
using postgresql::test::WalBuilder;

namespace {

constexpr std::size_t part_bytes = 64 << 10;
constexpr std::uint64_t segment_start = 3u << 20;

/// So many bytes of log, the records of which are up to some pages long.
WalBuilder random_log(SeededRandom& random, std::size_t bytes) {
    WalBuilder log(postgresql::test::small_stream(), {segment_start});
    while (log.bytes().size() < bytes) {
        if (random.below(8) == 0)
            log.heap(random.below(20'000));
        else
            log.commit(static_cast<std::uint32_t>(random.below(1000)),
                       700'000'000 + random.below(9));
    }
    return log;
}

std::optional<Bytes> packed(ByteView plain) {
    Bytes bytes(plain.size() + 64);
    const auto size = pack_log(Compressor(), plain, {3, Content::log}, bytes);
    if (!size) return std::nullopt;
    bytes.resize(*size);
    return bytes;
}

bool gives(ByteView packed, ByteView plain) {
    Bytes back(plain.size(), std::byte{0x5a});
    return unpack_log(Compressor(), packed, back) && equal(back, plain);
}

}  // namespace

TEST_CASE("A part of a log comes back as it was, wherever its records begin and end") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    const WalBuilder log = random_log(random, 4 * part_bytes);
    for (std::size_t at = 0; at < log.bytes().size(); at += part_bytes) {
        const ByteView part =
            log.bytes().subspan(at, std::min(part_bytes, log.bytes().size() - at));
        CAPTURE(at);
        if (const auto made = packed(part)) CHECK(gives(*made, part));
        Bytes less = to_bytes(part);
        const std::uint32_t count = take_out_of_records(less);
        CHECK((count == 0 || !equal(less, part)));
        REQUIRE(put_into_records(less, count));
        CHECK(equal(less, part));
    }
}

TEST_CASE("What can be computed is not in a packed log") {
    WalBuilder log(postgresql::test::small_stream(), {segment_start});
    while (log.bytes().size() < part_bytes) log.commit(7, 700'000'000);
    const ByteView part = log.bytes().first(part_bytes);
    const auto made = packed(part);
    REQUIRE(made);
    CHECK(gives(*made, part));
    Bytes plain(part.size());
    const auto frame = Compressor().compress(part, {3, Content::log}, plain);
    CHECK(made->size() < *frame / 8);  // equal records but for what was taken out
    Bytes less = to_bytes(part);
    CHECK(take_out_of_records(less) > part_bytes / 100);
}

TEST_CASE("Taken out are the checksums, and from the second record on the position before") {
    WalBuilder log(postgresql::test::small_stream(), {segment_start});
    const auto first = log.commit(7, 700'000'000), second = log.commit(8, 700'000'001);
    const Bytes plain = to_bytes(log.bytes());
    Bytes expected = plain;
    const auto zero = [&](std::uint64_t position, std::size_t at, std::size_t bytes) {
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(position - segment_start + at),
                    bytes, std::byte{0});
    };
    zero(first.value, 20, 4);
    zero(second.value, 8, 8);
    zero(second.value, 20, 4);
    Bytes less = plain;
    CHECK(take_out_of_records(less) == 2);
    CHECK(less == expected);
    REQUIRE(put_into_records(less, 2));
    CHECK(less == plain);

    Bytes frame(plain.size());
    frame.resize(Compressor().compress(expected, {3}, frame).value());
    const auto check = static_cast<std::uint32_t>(XXH3_64bits(plain.data(), plain.size()));
    const auto by_hand = format::Encoder().put(check).put(std::uint32_t{2}).bytes(frame).take();
    CHECK(gives(by_hand, plain));
}

TEST_CASE("Damage, zeros and another course of events end what is taken out, and come back") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    WalBuilder log = random_log(random, part_bytes);
    const Bytes whole = to_bytes(log.bytes().first(part_bytes));
    Bytes before = whole;
    const std::uint32_t whole_count = take_out_of_records(before);
    for (int round = 0; round < 50; ++round) {
        Bytes damaged = whole;
        const std::size_t at = random.below(part_bytes);
        if (round % 2 == 0)
            damaged[at] ^= std::byte{1} << random.below(8);
        else
            std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(at), damaged.end(),
                      std::byte{0});
        CAPTURE(at, round);
        if (const auto made = packed(damaged)) CHECK(gives(*made, damaged));
        Bytes less = damaged;
        CHECK(take_out_of_records(less) <= whole_count);
    }
}

TEST_CASE("What is no log is not packed as one") {
    SeededRandom random(1);
    CHECK_FALSE(packed(random_bytes(random, part_bytes)));
    CHECK_FALSE(packed(Bytes(part_bytes)));
    CHECK_FALSE(packed({}));
    const WalBuilder log = random_log(random, part_bytes);
    CHECK_FALSE(packed(log.bytes().subspan(8, part_bytes / 2)));  // no page begins there
}

TEST_CASE("A packed log that was made by somebody else is refused, or gives other bytes") {
    SeededRandom random(2);
    const WalBuilder log = random_log(random, part_bytes);
    const ByteView part = log.bytes().first(part_bytes);
    const auto good = packed(part);
    REQUIRE(good);
    Bytes more = *good, less = *good, other = *good, shorter = *good;
    more[7] = std::byte{0x7f};
    less[4] = less[5] = std::byte{0};
    other[0] ^= std::byte{1};
    shorter.resize(7);
    for (const Bytes* bad : {&more, &less, &other, &shorter}) CHECK_FALSE(gives(*bad, part));
}

TEST_CASE("A log is stored and read as a chunk like any other") {
    SeededRandom random(3);
    const MemoryRepository repository;
    const auto store = repository.open();
    WalBuilder log(postgresql::test::small_stream(), {segment_start});
    while (log.bytes().size() < part_bytes) log.commit(7, 700'000'000);
    const ByteView part = log.bytes().first(part_bytes);
    const auto writer = store->write();
    Prepared as_bytes = writer->prepare_chunk(part);
    const std::uint32_t stored_as_bytes = as_bytes.stored_bytes();
    { const Prepared given_up = std::move(as_bytes); }
    ChunkHints hints;
    hints.content = Content::log;
    Prepared prepared = writer->prepare_chunk(part, hints);
    CHECK(prepared.stored_bytes() < stored_as_bytes / 2);
    const ChunkId id = prepared.chunk_id();
    writer->append(std::move(prepared));
    writer->commit({});
    CHECK(equal(store->get(id).view(), part));
}
