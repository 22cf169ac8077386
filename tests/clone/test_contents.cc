// SPDX-License-Identifier: Apache-2.0
/// Files that have bytes below, beside a string to which the same is done.
#include <algorithm>
#include <random>

#include "../support.h"
#include "clone_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

constexpr std::size_t block = 4096;

/// A file with data, a hole and data, which does not end with a block.
struct OneFile : CloneFixture {
    explicit OneFile(const std::string& content)
        : CloneFixture([&](ViewFixture& maker) { return with_hole(maker, content); }),
          expected(content) {
        const std::size_t third = content.size() / 3;
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(third), third, '\0');
    }
    static Folder with_hole(ViewFixture& maker, std::string_view content) {
        tree::Entry entry = maker.file("");
        entry.attributes.size = entry.content.size = content.size();
        const std::size_t third = content.size() / 3;
        const auto add = [&](std::string_view part) {
            const ChunkId chunk = put_chunk(*maker.writer, as_bytes(part));
            entry.content.extents.push_back({part.size(), chunk, 0});
        };
        add(content.substr(0, third));
        entry.content.extents.push_back({third, std::nullopt, 0});
        entry.content.hole_bytes = third;
        add(content.substr(2 * third));
        Folder top;
        top.files["file"] = entry;
        return top;
    }
    void check() {
        REQUIRE(find("file")->st_size == static_cast<off_t>(expected.size()));
        const std::string found = read("file");
        const auto differs =
            std::mismatch(found.begin(), found.end(), expected.begin(), expected.end());
        INFO("differs at " << differs.first - found.begin());
        REQUIRE(found == expected);
        check_holes();
    }
    /// What is a hole is zeros, and data and holes follow one another to the end.
    void check_holes() {
        const auto file = number("file");
        std::uint64_t at = 0;
        while (at < expected.size()) {
            const auto data = clone->next_data(file, at);
            const std::uint64_t begin = data ? *data : expected.size();
            REQUIRE(begin >= at);
            REQUIRE(std::all_of(expected.begin() + static_cast<std::ptrdiff_t>(at),
                                expected.begin() + static_cast<std::ptrdiff_t>(begin),
                                [](char byte) { return byte == 0; }));
            if (!data) break;
            const auto hole = clone->next_hole(file, begin);
            REQUIRE(hole);
            REQUIRE(*hole > begin);
            at = *hole;
        }
        CHECK_FALSE(clone->next_data(file, expected.size()));
    }
    std::string expected;
};

std::string random_bytes(std::mt19937_64& random, std::size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>('a' + random() % 26);
    return bytes;
}

/// Prefers places near blocks' bounds.
std::size_t random_place(std::mt19937_64& random, std::size_t most) {
    const std::size_t place = random() % (most + 1);
    switch (random() % 4) {
        case 0:
            return place / block * block;
        case 1:
            return std::min(most, place / block * block + 1);
        default:
            return place;
    }
}

void step(OneFile& file, std::mt19937_64& random) {
    std::string& expected = file.expected;
    const std::size_t size_max = 40 * block;
    const std::size_t at = random_place(random, size_max);
    const std::size_t length = 1 + random_place(random, 5 * block);
    const auto number = file.number("file");
    switch (random() % 14) {
        case 0: {
            file.resize("file", at);
            expected.resize(at);
            return;
        }
        case 1:
        case 2: {
            const auto mode =
                random() % 2 ? view::AllocateMode::punch : view::AllocateMode::zero_inside;
            REQUIRE(file.clone->allocate(number, mode, at, length) == view::Refusal());
            for (std::size_t i = at; i < std::min(at + length, expected.size()); ++i)
                expected[i] = 0;
            return;
        }
        case 3: {
            REQUIRE(file.clone->allocate(number, view::AllocateMode::zero, at, length) ==
                    view::Refusal());
            expected.resize(std::max(expected.size(), at + length));
            std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(at), length, '\0');
            return;
        }
        case 4: {
            REQUIRE(file.clone->allocate(number, view::AllocateMode::reserve, at, length) ==
                    view::Refusal());
            expected.resize(std::max(expected.size(), at + length));
            return;
        }
        case 5: {
            REQUIRE(file.clone->sync(number, view::SyncMode::data) == view::Refusal());
            return;
        }
        case 6: {
            file.open();
            return;
        }
        default: {
            const std::string bytes = random_bytes(random, length);
            REQUIRE(file.write("file", at, bytes) == view::Refusal());
            expected.resize(std::max(expected.size(), at + length));
            std::copy(bytes.begin(), bytes.end(),
                      expected.begin() + static_cast<std::ptrdiff_t>(at));
        }
    }
}

}  // namespace

TEST_CASE("the first write of a part of a block keeps the rest of it") {
    std::mt19937_64 random(1);
    OneFile file(random_bytes(random, 30 * block + 100));
    REQUIRE(file.write("file", 5000, "0123456789") == view::Refusal());
    file.expected.replace(5000, 10, "0123456789");
    file.check();
    CHECK(file.clone->usage().bytes <= 16u << 10);
    file.open();
    file.check();
}

TEST_CASE("what was cut off does not come back") {
    std::mt19937_64 random(2);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, block, 3 * block + 7}) {
        OneFile file(random_bytes(random, 30 * block + 100));
        file.resize("file", size);
        file.resize("file", 20 * block);
        file.expected.resize(size);
        file.expected.resize(20 * block);
        file.check();
        file.open();
        file.check();
    }
}

TEST_CASE("zeros stay zeros when the clone is opened again") {
    std::mt19937_64 random(3);
    OneFile file(random_bytes(random, 30 * block + 100));
    REQUIRE(file.clone->allocate(file.number("file"), view::AllocateMode::punch, 100, 9 * block) ==
            view::Refusal());
    std::fill_n(file.expected.begin() + 100, 9 * block, '\0');
    file.check();
    file.open();
    file.check();
    REQUIRE(file.write("file", 2 * block, "x") == view::Refusal());
    file.expected[2 * block] = 'x';
    file.open();
    file.check();
}

TEST_CASE("random changes of a file are those of a string") {
    const std::uint64_t seed = test_seed();
    INFO("seed " << seed);
    for (std::uint64_t round = 0; round < 3; ++round) {
        std::mt19937_64 random(seed + round);
        OneFile file(random_bytes(random, 30 * block + 100));
        for (int i = 0; i < 60; ++i) {
            INFO("round " << round << " step " << i);
            step(file, random);
            file.check();
        }
    }
}
