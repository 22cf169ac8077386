// SPDX-License-Identifier: Apache-2.0
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "mount/operation_meter.h"

using namespace yore::mount;
using namespace std::chrono_literals;

namespace {

const OperationTimes& of(const MountTimes& times, Operation operation) {
    return times[static_cast<std::size_t>(operation)];
}

}  // namespace

TEST_CASE("a duration is counted in the first class that it does not exceed") {
    const std::chrono::nanoseconds first(OperationTimes::bound_ns(0));
    const std::pair<std::chrono::nanoseconds, unsigned> expected[] = {
        {-1ns, 0},  // a clock that is set back
        {0ns, 0},
        {first, 0},
        {first + 1ns, 1},
        {2 * first, 1},
        {2 * first + 1ns, 2},
        {std::chrono::nanoseconds(OperationTimes::bound_ns(19)), 19},
        {5s, 20},
        {std::chrono::hours(100), 20}};
    for (const auto& [duration, which] : expected) {
        OperationMeter meter;
        meter.add(Operation::read, duration);
        const auto times = meter.seen();
        CHECK(of(times, Operation::read).counts[which] == 1);
        CHECK(of(times, Operation::read).total_ns ==
              static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)));
        CHECK(of(times, Operation::lookup) == OperationTimes());
    }
}

TEST_CASE("what many threads count is all there") {
    OperationMeter meter;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 10'000; ++i) meter.add(Operation::lookup, 10us);
                meter.failed(Operation::lookup);
            });
    }
    const auto times = meter.seen();
    CHECK(of(times, Operation::lookup).counts[1] == 40'000);
    CHECK(of(times, Operation::lookup).total_ns == 400'000'000);
    CHECK(of(times, Operation::lookup).failures == 4);
}
