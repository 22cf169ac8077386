// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/log_need.h>
#include <yore/timeline/plan.h>
#include <yore/timeline/windows.h>

#include <algorithm>

#include "../support.h"
#include "several_systems.h"

using namespace yore;
using namespace yore::timeline;
using namespace yore::test;

namespace {

/// A plan in the words of the whole source.
struct Expected {
    std::uint32_t step = 0, first_place = 0;
    Plan plan;
};

/// Naively: the newest system that has it, but not behind one whose first snapshot stands for it.
std::optional<Expected> meaning(const std::vector<World>& systems, Timestamp time) {
    for (std::size_t i = systems.size(); i-- > 0;) {
        const MemoryRecords& own = systems[i].records;
        const auto answer = plan(own, time, now);
        std::uint32_t before = 0;
        for (std::size_t older = 0; older < i; ++older)
            before += systems[older].records.snapshot_count();
        if (const auto* found = std::get_if<Plan>(&answer))
            return Expected{static_cast<std::uint32_t>(i) * system_step, before, *found};
        if (own.snapshots.front().ended <= time) return std::nullopt;
    }
    return std::nullopt;
}

void check_same(const Plan& found, const Expected& expected) {
    RC_ASSERT(found.time == expected.plan.time);
    RC_ASSERT(found.point == expected.plan.point);
    if (const auto* snapshot = std::get_if<Snapshot>(&found.base)) {
        const auto& own = std::get<Snapshot>(expected.plan.base);
        RC_ASSERT(snapshot->place == own.place + expected.first_place);
        RC_ASSERT(snapshot->log->incarnation == own.log->incarnation + expected.step);
    }
    RC_ASSERT(found.replay.size() == expected.plan.replay.size());
    for (std::size_t i = 0; i < found.replay.size(); ++i) {
        LogRange own = expected.plan.replay[i];
        own.incarnation += expected.step;
        RC_ASSERT(found.replay[i] == own);
    }
}

constexpr std::uint32_t second = system_step + 1;

std::optional<LogPlace> place_at(const Records& records, const Moment& moment) {
    const auto answer = plan(records, moment, now);
    const auto* found = std::get_if<Plan>(&answer);
    return found ? found->place : std::nullopt;
}

}  // namespace

TEST_CASE("a time means what it means in the newest system that had begun by then") {
    int newest = 0, older = 0, none = 0;
    CHECK(rc::check("plan agrees with asking system after system", [&] {
        std::vector<World> systems;
        int from = 0;
        for (int left = number(2, 4); left > 0; --left) {
            systems.push_back(random_world(from));
            from += number(0, 3) * 90;  // the clocks of two may overlap
        }
        const MemoryRecords records = as_one_source(systems);
        for (int i = 0; i < 20; ++i) {
            const Timestamp time{number(80, from + 90 + static_cast<int>(4 * cells))};
            const auto expected = meaning(systems, time);
            const auto answer = plan(records, time, now);
            const auto* found = std::get_if<Plan>(&answer);
            RC_LOG() << "time " << time.ns << '\n';
            RC_ASSERT((found != nullptr) == expected.has_value());
            if (found) check_same(*found, *expected);
            const bool is_newest = found && expected->step / system_step + 1 == systems.size();
            ++(!found ? none : is_newest ? newest : older);
        }
        std::size_t own_windows = 0;
        for (const World& system : systems) own_windows += windows(system.records).size();
        RC_ASSERT(windows(records).size() == own_windows);
    }));
    CHECK(newest > 100);
    CHECK(older > 100);
    CHECK(none > 100);
}

TEST_CASE("no time between two systems leads from the one's backup into the other's log") {
    const auto records = as_one_source({plain_world(100), plain_world(200)});
    CHECK(place_at(records, Timestamp{117}) == LogPlace{1, {15}});
    CHECK(place_at(records, Timestamp{217}) == LogPlace{second, {15}});
    CHECK(place_at(records, Latest{}) == LogPlace{second, {25}});
    CHECK(place_at(records, Earliest{}) == LogPlace{1, {2}});
    const auto between = plan(records, Timestamp{150}, now);
    const auto& none = std::get<NoPlan>(between);
    CHECK(none.why == NoPlan::Why::after_last);
    CHECK(none.before->time == Timestamp{125});
    CHECK(none.after->time == Timestamp{202});
    const auto all = windows(records);
    REQUIRE(all.size() == 2);
    CHECK(all[0].incarnation == 1);
    CHECK(all[1].incarnation == second);
    CHECK(all[1].first.reason == "first base");
}

TEST_CASE("a position is one of its incarnation's system, without one of the newest") {
    const auto records = as_one_source({plain_world(100), plain_world(200)});
    CHECK(place_at(records, AtPosition{1, {16}}) == LogPlace{1, {15}});
    CHECK(place_at(records, AtPosition{second, {16}}) == LogPlace{second, {15}});
    CHECK(place_at(records, AtPosition{{}, {16}}) == LogPlace{second, {15}});
    CHECK_FALSE(place_at(records, AtPosition{2, {16}}));
}

TEST_CASE("a system of which nothing is stored yet hides nothing of the one before") {
    auto records = as_one_source({plain_world(100)});
    records.lines.push_back({second, "sys2-00000001", {}, 2});
    CHECK(place_at(records, Timestamp{117}) == LogPlace{1, {15}});
    CHECK(place_at(records, Latest{}) == LogPlace{1, {25}});
    CHECK(place_at(records, Earliest{}) == LogPlace{1, {2}});
    CHECK(windows(records).size() == 1);
}

TEST_CASE("what a newer system lost is not looked for in an older one whose clock went ahead") {
    auto systems = std::vector{plain_world(100), plain_world(108)};
    systems[1].records.logs[1].spans = {{{6}, {12}, {114}, {120}, true, "it was removed"}};
    const auto records = as_one_source(systems);
    CHECK(place_at(records, Timestamp{109}) == LogPlace{1, {5}});
    CHECK(place_at(records, Timestamp{113}) == LogPlace{second, {5}});
    CHECK_FALSE(place_at(records, Timestamp{116}));
}

TEST_CASE("of an older system's log is needed what its moments need, and else nothing") {
    const auto records = as_one_source({plain_world(100), plain_world(200)});
    const auto segment_of = [&](std::uint32_t incarnation, std::uint64_t at) {
        return *records.segment_ending_after({incarnation, {at}});
    };
    const auto all = log_needed_since(records, Timestamp{117}, now);
    REQUIRE(all);
    CHECK(all->covers(segment_of(1, 0)));
    CHECK(all->covers(segment_of(second, 0)));
    const auto newest = log_needed_since(records, Timestamp{217}, now);
    REQUIRE(newest);
    CHECK_FALSE(newest->covers(segment_of(1, 20)));
    CHECK(newest->covers(segment_of(second, 0)));
}
