// SPDX-License-Identifier: Apache-2.0
#include <yore/tree/content.h>

#include <algorithm>

#include <catch2/catch.hpp>

#include "tree_fixture.h"

using namespace yore;
using namespace yore::test;
using namespace yore::tree;

namespace {

std::vector<Extent> random_extents(SeededRandom& random, std::size_t count, unsigned holes_in_ten) {
    std::vector<Extent> extents;
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (random.below(10) < holes_in_ten) {
            extents.push_back({1 + random.below(1u << 20), std::nullopt, 0});
        } else {
            extents.push_back({1 + random.below(1000), random_id<ChunkId>(random), next++ % 1000});
        }
    }
    return extents;
}
/// The same with neighbours joined, placed.
std::vector<PlacedExtent> placed(const std::vector<Extent>& extents) {
    std::vector<PlacedExtent> list;
    std::uint64_t start = 0;
    for (const Extent& extent : extents) {
        if (!list.empty() && !extent.chunk && !list.back().extent.chunk) {
            list.back().extent.length += extent.length;
        } else {
            list.push_back({start, extent});
        }
        start += extent.length;
    }
    return list;
}
std::vector<PlacedExtent> scanned(const ContentReader& reader, std::uint64_t from) {
    std::vector<PlacedExtent> list;
    reader.scan(from, [&](const PlacedExtent& found) {
        list.push_back(found);
        return true;
    });
    return list;
}
bool same_place(const PlacedExtent& a, const PlacedExtent& b) {
    return a.start == b.start && a.extent == b.extent;
}

}  // namespace

TEST_CASE("extents are read as they were added, at any offset") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    for (std::size_t count : {0u, 1u, 16u, 17u, 129u, 3000u, 100'000u}) {
        CAPTURE(count);
        const std::vector<Extent> extents = random_extents(random, count, count % 2 == 0 ? 2 : 0);
        const std::vector<PlacedExtent> expected = placed(extents);
        const Content content = fixture.build(extents);
        CHECK(content.list.has_value() == (expected.size() > 16));
        CHECK(content.extents.size() == (expected.size() > 16 ? 0 : expected.size()));
        const ContentReader reader(fixture.cache, content);
        const std::vector<PlacedExtent> all = scanned(reader, 0);
        REQUIRE(std::equal(all.begin(), all.end(), expected.begin(), expected.end(), same_place));
        CHECK(reader.size() == (expected.empty() ? 0 : expected.back().end()));
        CHECK_FALSE(reader.find(reader.size()).has_value());
        for (int i = 0; i < 300 && count > 0; ++i) {
            const std::uint64_t offset = random.below(reader.size());
            const auto found = reader.find(offset);
            REQUIRE(found.has_value());
            const auto behind = std::upper_bound(
                expected.begin(), expected.end(), offset,
                [](std::uint64_t at, const PlacedExtent& extent) { return at < extent.start; });
            REQUIRE(same_place(*found, *std::prev(behind)));
        }
    }
}

TEST_CASE("neighbouring runs are joined") {
    TreeFixture fixture;
    ChunkId chunk, other;
    other.bytes[0] = std::byte{1};
    const Content content = fixture.build(std::vector<Extent>{{5, std::nullopt, 0},
                                                              {0, chunk, 9},
                                                              {6, std::nullopt, 0},
                                                              {10, chunk, 100},
                                                              {20, chunk, 110},
                                                              {30, chunk, 140},
                                                              {30, other, 170},
                                                              {1, other, 200}});
    REQUIRE(content.extents.size() == 4);
    CHECK(content.extents[0] == Extent{11, std::nullopt, 0});
    CHECK(content.extents[1] == Extent{30, chunk, 100});
    CHECK(content.extents[2] == Extent{30, chunk, 140});
    CHECK(content.extents[3] == Extent{31, other, 170});
    CHECK(content.size == 102);
}

TEST_CASE("a sparse file of a terabyte is one extent") {
    TreeFixture fixture;
    constexpr std::uint64_t step = 1ull << 30;
    const Content content = fixture.build(std::vector<Extent>(1024, {step, std::nullopt, 0}));
    REQUIRE(content.extents.size() == 1);
    const ContentReader reader(fixture.cache, content);
    CHECK(reader.size() == 1ull << 40);
    CHECK(reader.hole_bytes() == 1ull << 40);
    CHECK_FALSE(reader.next_data(0).has_value());
    CHECK(reader.next_hole(77) == 77);
    Bytes bytes(100, std::byte{1});
    CHECK(reader.read((1ull << 40) - 60, bytes) == 60);
    CHECK(std::count(bytes.begin(), bytes.end(), std::byte{0}) == 60);
}

TEST_CASE("bytes are read across chunks, holes and nodes") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    std::vector<std::pair<ChunkId, Bytes>> chunks;
    for (int i = 0; i < 20; ++i) {
        Bytes plain = random_bytes(random, 1000 + random.below(3000));
        chunks.emplace_back(put_chunk(fixture.writer, plain), std::move(plain));
    }
    for (std::size_t count : {0u, 3u, 16u, 1000u}) {
        std::vector<Extent> extents;
        Bytes expected;
        for (std::size_t i = 0; i < count; ++i) {
            const auto& [id, plain] = chunks[random.below(chunks.size())];
            const auto offset = static_cast<std::uint32_t>(random.below(plain.size()));
            const std::uint64_t length = 1 + random.below(plain.size() - offset);
            const bool hole = random.below(4) == 0;
            extents.push_back(hole ? Extent{length, std::nullopt, 0} : Extent{length, id, offset});
            const auto from = plain.begin() + offset;
            expected.insert(expected.end(), from, from + static_cast<std::ptrdiff_t>(length));
            if (hole)
                std::fill(expected.end() - static_cast<std::ptrdiff_t>(length), expected.end(),
                          std::byte{0});
        }
        const ContentReader reader(fixture.cache, fixture.build(extents));
        REQUIRE(reader.size() == expected.size());
        Bytes whole(expected.size() + 10);
        REQUIRE(reader.read(0, whole) == expected.size());
        REQUIRE(equal(ByteView(whole).first(expected.size()), expected));
        for (int i = 0; i < 200; ++i) {
            const std::uint64_t offset = random.below(expected.size() + 10);
            Bytes into(random.below(10'000));
            const std::size_t done = reader.read(offset, into);
            const std::size_t left = offset < expected.size() ? expected.size() - offset : 0;
            REQUIRE(done == std::min(left, into.size()));
            if (done > 0) {
                REQUIRE(
                    equal(ByteView(into).first(done), ByteView(expected).subspan(offset, done)));
            }
        }
    }
}

TEST_CASE("data and holes are found as lseek finds them") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    for (unsigned holes_in_ten : {0u, 1u, 5u, 10u}) {
        for (std::size_t count : {0u, 1u, 10u, 500u, 20'000u}) {
            const std::vector<Extent> extents = random_extents(random, count, holes_in_ten);
            const std::vector<PlacedExtent> expected = placed(extents);
            const ContentReader reader(fixture.cache, fixture.build(extents));
            std::uint64_t holes = 0;
            for (const auto& extent : expected)
                holes += extent.extent.chunk ? 0 : extent.extent.length;
            REQUIRE(reader.hole_bytes() == holes);
            for (int i = 0; i < 100; ++i) {
                const std::uint64_t offset = random.below(reader.size() + 2);
                std::optional<std::uint64_t> data, hole;
                for (const PlacedExtent& extent : expected) {
                    if (extent.end() <= offset) continue;
                    auto& first = extent.extent.chunk ? data : hole;
                    if (!first) first = std::max(offset, extent.start);
                    if (data && hole) break;
                }
                if (!hole && offset < reader.size()) hole = reader.size();
                REQUIRE(reader.next_data(offset) == data);
                REQUIRE(reader.next_hole(offset) == hole);
            }
        }
    }
}

TEST_CASE("a hole in a long dense file is found in a few nodes") {
    TreeFixture fixture;
    SeededRandom random(3);
    std::vector<Extent> extents = random_extents(random, 200'000, 0);
    const ContentReader dense(fixture.cache, fixture.build(extents));
    const auto misses_before = fixture.cache.stats().misses;
    CHECK(dense.next_hole(0) == dense.size());
    CHECK(fixture.cache.stats().misses - misses_before <= 1);
    extents[150'000] = {5000, std::nullopt, 0};
    const ContentReader holed(fixture.cache, fixture.build(extents));
    const auto misses = fixture.cache.stats().misses;
    const std::optional<std::uint64_t> hole = holed.next_hole(0);
    REQUIRE(hole.has_value());
    CHECK_FALSE(holed.find(*hole)->extent.chunk.has_value());
    CHECK(fixture.cache.stats().misses - misses <= 4);
}

TEST_CASE("an insertion into a long list rewrites a few nodes") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    std::vector<Extent> extents = random_extents(random, 100'000, 0);
    const auto nodes_of = [&] {
        fixture.writer.forget();
        fixture.build(extents);
        return fixture.writer.nodes();
    };
    auto before = nodes_of();
    CHECK(before.size() < 100'000 / 350);
    std::size_t written = 0;
    for (int round = 0; round < 5; ++round) {
        const auto at = static_cast<std::ptrdiff_t>(random.below(extents.size()));
        extents.insert(extents.begin() + at, random_extents(random, 1, 0).front());
        const auto after = nodes_of();
        for (const auto& [id, plain] : after) written += before.contains(id) ? 0 : 1;
        before = after;
    }
    CHECK(written >= 5);
    CHECK(written <= 5 * 6);
}

TEST_CASE("an extent that its chunk is too short for is corrupt") {
    TreeFixture fixture;
    const Bytes plain(1000, std::byte{7});
    const ChunkId id = put_chunk(fixture.writer, plain);
    const ContentReader reader(fixture.cache,
                               fixture.build(std::vector<Extent>{{10, id, 0}, {10, id, 991}}));
    Bytes into(20);
    CHECK(reader.read(0, MutableBytes(into).first(10)) == 10);
    const Error error = error_of([&] { reader.read(0, into); });
    CHECK(error.code() == Errc::corrupt);
    CHECK(std::string(error.what()).find(id.short_hex()) != std::string::npos);
}

TEST_CASE("a list that is not as long as its file is corrupt") {
    TreeFixture fixture;
    SeededRandom random(1);
    Content content = fixture.build(random_extents(random, 1000, 0));
    content.size += 1;
    const ContentReader reader(fixture.cache, content);
    CHECK(error_of([&] { reader.find(0); }).code() == Errc::corrupt);
    CHECK(error_of([&] { reader.next_hole(0); }).code() == Errc::corrupt);
}
