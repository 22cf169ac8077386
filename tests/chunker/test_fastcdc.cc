// SPDX-License-Identifier: Apache-2.0
#include <yore/chunker/chunker.h>

#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;
using namespace yore::chunker;

namespace {

crypto::SecretKey key_of(std::uint8_t fill) {
    Bytes bytes(crypto::SecretKey::size, std::byte{fill});
    return crypto::SecretKey::copy_of(bytes);
}
Bytes random_bytes(SeededRandom& random, std::size_t size) {
    Bytes bytes(size);
    random.fill(bytes);
    return bytes;
}
/// Ends of the chunks.
std::vector<std::size_t> cuts_of(const FastCdc& cdc, ByteView data) {
    std::vector<std::size_t> ends;
    for (std::size_t at = 0; at < data.size();) {
        at += cdc.cut(data.subspan(at));
        ends.push_back(at);
    }
    return ends;
}
std::set<std::string> chunks_of(const FastCdc& cdc, ByteView data) {
    std::set<std::string> chunks;
    std::size_t start = 0;
    for (std::size_t end : cuts_of(cdc, data)) {
        chunks.emplace(as_text(data.subspan(start, end - start)));
        start = end;
    }
    return chunks;
}
constexpr Sizes small_sizes{256, 1024, 4096};

/// The definition, one byte at a time and without shortcuts.
std::size_t plain_cut(const GearTable& gear, const Sizes& sizes, ByteView data) {
    const std::size_t end = std::min<std::size_t>(data.size(), sizes.max);
    const auto bits = static_cast<unsigned>(std::countr_zero(sizes.average));
    for (std::size_t length = sizes.min + 1; length <= end; ++length) {
        std::uint64_t hash = 0;
        for (std::size_t i = length > 64 ? length - 64 : 0; i < length; ++i) {
            hash = 2 * hash + gear.words()[std::to_integer<std::uint8_t>(data[i])];
        }
        const unsigned zeros = length <= sizes.average ? bits + 2 : bits - 2;
        if ((hash << 1) >> (64 - zeros) == 0) return length;
    }
    return end;
}

}  // namespace

TEST_CASE("cuts are those of the plain definition") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    const GearTable gear(key_of(1));
    const FastCdc cdc(gear, small_sizes);
    const Bytes data = random_bytes(random, 200'000);
    for (std::size_t at = 0; at < data.size();) {
        const ByteView rest = ByteView(data).subspan(at);
        const std::size_t length = cdc.cut(rest);
        REQUIRE(length == plain_cut(gear, small_sizes, rest));
        at += length;
    }
}

TEST_CASE("the gear table and the cuts of a key never change") {
    const GearTable gear(key_of(7));
    CHECK(gear.words()[0] == 0x8ee7db126ed9f799);
    CHECK(gear.words()[255] == 0xa2d4790fea2dd80c);
    SeededRandom random(42);
    const Bytes data = random_bytes(random, 1'000'000);
    const std::vector<std::size_t> expected{144677, 359766, 498485, 658435,
                                            833527, 932515, 1000000};
    CHECK(cuts_of(FastCdc(gear), data) == expected);
}

TEST_CASE("every chunk but the last is between min and max") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    const GearTable gear(key_of(1));
    const FastCdc cdc(gear, small_sizes);
    Bytes data = random_bytes(random, 300'000);
    std::fill(data.begin() + 100'000, data.begin() + 150'000, std::byte{0});
    std::size_t start = 0;
    for (std::size_t end : cuts_of(cdc, data)) {
        if (end < data.size()) REQUIRE(end - start > small_sizes.min);
        REQUIRE(end - start <= small_sizes.max);
        start = end;
    }
    CHECK(start == data.size());
}

TEST_CASE("the mean is near the average size") {
    SeededRandom random(5);
    const Bytes data = random_bytes(random, 4'000'000);
    const GearTable gear(key_of(1));
    const std::size_t mean = data.size() / cuts_of(FastCdc(gear, small_sizes), data).size();
    CHECK(mean > small_sizes.average);
    CHECK(mean < small_sizes.average * 4 / 3);
}

TEST_CASE("a cut does not depend on what follows the largest chunk") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    const GearTable gear(key_of(1));
    const FastCdc cdc(gear, small_sizes);
    for (int round = 0; round < 200; ++round) {
        Bytes data = random_bytes(random, 3 * small_sizes.max);
        const std::size_t length = cdc.cut(data);
        REQUIRE(cdc.cut(ByteView(data).first(small_sizes.max)) == length);
        REQUIRE(cdc.cut(ByteView(data).first(length)) == length);
        random.fill(MutableBytes(data).subspan(length));
        REQUIRE(cdc.cut(data) == length);
    }
}

TEST_CASE("inputs at the bounds") {
    const GearTable gear(key_of(1));
    const FastCdc cdc(gear, small_sizes);
    CHECK(cdc.cut({}) == 0);
    SeededRandom random(3);
    const Bytes data = random_bytes(random, small_sizes.max + 1);
    for (std::size_t size : {1u, 2u, 63u, 64u, 65u, 255u, 256u}) {
        CHECK(cdc.cut(ByteView(data).first(size)) == size);
    }
    for (std::size_t size = 257; size <= data.size(); size += 1) {
        REQUIRE(cdc.cut(ByteView(data).first(size)) ==
                plain_cut(gear, small_sizes, ByteView(data).first(size)));
        if (size == 300) size = small_sizes.max - 3;
    }
    const Bytes zeros(2 * small_sizes.max, std::byte{0});
    CHECK(cdc.cut(zeros) == small_sizes.max);
}

TEST_CASE("inserting and deleting bytes changes few chunks") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    const GearTable gear(key_of(1));
    const FastCdc cdc(gear, small_sizes);
    std::size_t changed = 0;
    constexpr std::size_t rounds = 100;
    for (std::size_t round = 0; round < rounds; ++round) {
        const Bytes before = random_bytes(random, 100'000);
        Bytes after = before;
        const auto at = static_cast<std::ptrdiff_t>(random.below(before.size() - 1000));
        const auto count = static_cast<std::ptrdiff_t>(1 + random.below(300));
        if (random.below(2) == 0) {
            after.erase(after.begin() + at, after.begin() + at + count);
        } else {
            const Bytes more = random_bytes(random, static_cast<std::size_t>(count));
            after.insert(after.begin() + at, more.begin(), more.end());
        }
        const std::set<std::string> old_chunks = chunks_of(cdc, before);
        for (const std::string& chunk : chunks_of(cdc, after)) {
            changed += old_chunks.contains(chunk) ? 0 : 1;
        }
    }
    // About 80 chunks in each round. Resynchronising takes two or three.
    CHECK(changed <= 5 * rounds);
    CHECK(changed >= rounds);
}

TEST_CASE("other keys cut elsewhere") {
    SeededRandom random(11);
    const Bytes data = random_bytes(random, 1'000'000);
    const GearTable one(key_of(1)), same(key_of(1)), other(key_of(2));
    const auto ends = cuts_of(FastCdc(one, small_sizes), data);
    CHECK(cuts_of(FastCdc(same, small_sizes), data) == ends);
    const auto other_ends = cuts_of(FastCdc(other, small_sizes), data);
    std::vector<std::size_t> common;
    std::set_intersection(ends.begin(), ends.end(), other_ends.begin(), other_ends.end(),
                          std::back_inserter(common));
    CHECK(common.size() < 10);
}
