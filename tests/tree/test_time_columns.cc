// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <catch2/catch.hpp>

#include "../support.h"
#include "tree/time_columns.h"

using namespace yore;
using namespace yore::tree;

TEST_CASE("every time is split and joined") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    std::vector<std::int64_t> times{0,
                                    1,
                                    -1,
                                    999'999'999,
                                    1'000'000'000,
                                    -999'999'999,
                                    -1'000'000'000,
                                    -1'000'000'001,
                                    std::numeric_limits<std::int64_t>::max(),
                                    std::numeric_limits<std::int64_t>::min()};
    for (int i = 0; i < 10'000; ++i) times.push_back(static_cast<std::int64_t>(random.next()));
    for (const std::int64_t ns : times) {
        const SplitTime split = split_time({ns});
        REQUIRE(split.nanoseconds < 1'000'000'000);
        REQUIRE(are_times(split.seconds, split.nanoseconds));
        REQUIRE(join_time(split.seconds, split.nanoseconds).ns == ns);
    }
}

TEST_CASE("what is no time is refused") {
    const auto seconds = [](std::int64_t count) { return static_cast<std::uint64_t>(count); };
    CHECK(are_times(seconds(9'223'372'036), 854'775'807));
    CHECK_FALSE(are_times(seconds(9'223'372'036), 854'775'808));
    CHECK_FALSE(are_times(seconds(9'223'372'037), 0));
    CHECK(are_times(seconds(-9'223'372'037), 145'224'192));
    CHECK_FALSE(are_times(seconds(-9'223'372'037), 145'224'191));
    CHECK_FALSE(are_times(seconds(-9'223'372'038), 999'999'999));
    CHECK_FALSE(are_times(seconds(std::numeric_limits<std::int64_t>::min()), 0));
    CHECK_FALSE(are_times(seconds(std::numeric_limits<std::int64_t>::max()), 0));
    CHECK_FALSE(are_times(0, 1'000'000'000));
    CHECK_FALSE(are_times(0, std::numeric_limits<std::uint64_t>::max()));
}
