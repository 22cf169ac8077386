// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "../support.h"
#include "clone/block_set.h"

using yore::clone::BlockSet;

namespace {

constexpr std::uint64_t end_of_all = 3u << 15;

void check_equal(const BlockSet& set, const std::set<std::uint64_t>& expected) {
    std::uint64_t at = 0;
    for (const std::uint64_t block : expected) {
        REQUIRE(set.next_in(at, end_of_all) == block);
        REQUIRE(set.contains(block));
        at = block + 1;
    }
    REQUIRE(set.next_in(at, end_of_all) == end_of_all);
    at = 0;
    while (at < end_of_all && expected.contains(at)) ++at;
    REQUIRE(set.next_out(0, end_of_all) == at);
}

}  // namespace

TEST_CASE("a block set holds what was added and not removed") {
    const std::uint64_t seed = yore::test::test_seed();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    BlockSet set;
    std::set<std::uint64_t> expected;
    for (int i = 0; i < 60; ++i) {
        const std::uint64_t begin = random() % end_of_all;
        const std::uint64_t end = std::min(end_of_all, begin + random() % 200);
        if (random() % 3 == 0) {
            const std::uint64_t far = random() % 4 == 0 ? ~std::uint64_t{0} : end + 3000;
            set.remove(begin, far);
            expected.erase(expected.lower_bound(begin), expected.lower_bound(far));
        } else {
            set.add(begin, end);
            for (std::uint64_t block = begin; block < end; ++block) expected.insert(block);
        }
        check_equal(set, expected);
        const std::uint64_t from = random() % end_of_all;
        std::uint64_t out = from;
        while (out < end_of_all && expected.contains(out)) ++out;
        REQUIRE(set.next_out(from, end_of_all) == out);
    }
    set.remove(0, ~std::uint64_t{0});
    CHECK(set.empty());
}
