// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/plan.h>

#include <set>

#include <rapidcheck.h>

#include "../support.h"
#include "random_world.h"

using namespace yore;
using namespace yore::timeline;
using namespace yore::test;

namespace {

/// A position on the line that leads to the newest incarnation.
struct Step {
    LogPlace place;
    Cell cell;
};

std::vector<Step> line_of(const World& world) {
    std::vector<Step> steps;
    const auto line = world.ancestry();
    std::uint64_t high = cells;
    std::vector<std::vector<Step>> parts;
    for (std::size_t i = line.size(); i-- > 0;) {
        std::vector<Step> part;
        const std::uint64_t low = line[i].fork ? line[i].fork->position.value : 0;
        for (std::uint64_t at = std::min(low, high); at < high; ++at)
            part.push_back({{line[i].number, {at}}, world.log.at(line[i].number)[at]});
        high = std::min(high, low);
        parts.push_back(std::move(part));
    }
    for (auto part = parts.rbegin(); part != parts.rend(); ++part)
        steps.insert(steps.end(), part->begin(), part->end());
    return steps;
}

struct Target {
    LogPlace place;
    bool is_snapshot = false;
    bool operator==(const Target&) const = default;
};

/// Whether all that a snapshot needs to be brought to just behind `steps[last]` is stored.
bool reaches(const World& world, const std::vector<Step>& steps, const Snapshot& base,
             std::size_t last) {
    const std::uint32_t incarnation = base.log->incarnation;
    std::size_t at = last + 1;
    while (at > 0 && steps[at - 1].place >= LogPlace{incarnation, base.log->consistent}) --at;
    for (std::size_t i = at; i <= last; ++i)
        if (!steps[i].cell.stored) return false;
    const bool is_on_line = base.log->consistent.value <= steps[last].place.position.value + 1 ||
                            incarnation < steps[last].place.incarnation;
    for (std::uint64_t i = base.log->start.value; i < base.log->consistent.value; ++i)
        if (!world.log.at(incarnation)[i].stored) return false;
    return is_on_line;
}

/// The newest snapshot on the line that a point can be reached from, over no other one.
std::optional<Snapshot> base_for(const World& world, const std::vector<Step>& steps,
                                 std::size_t last) {
    const auto line = world.ancestry();
    std::uint64_t high = steps[last].place.position.value + 1;
    for (std::size_t i = line.size(); i-- > 0;) {
        if (line[i].number > steps[last].place.incarnation) continue;
        const std::uint64_t low = line[i].fork ? line[i].fork->position.value : 0;
        const auto base = world.records.newest_base({line[i].number, {high}});
        if (base && base->log->consistent.value >= low) {
            if (reaches(world, steps, *base, last)) return base;
            return std::nullopt;
        }
        high = std::min(high, low);
    }
    return std::nullopt;
}

bool has_tree_base(const World& world, const std::vector<Step>& steps, std::size_t last) {
    if (!world.trees) return false;
    const auto& segments = world.records.logs.at(1).segments;
    for (const Segment& segment : segments) {
        const std::uint64_t position = steps[last].place.position.value;
        if (segment.end.value == position + 1) return true;
        if (segment.begin.value <= position && position < segment.end.value)
            return world.records.segment_ending_at({1, segment.begin}).has_value();
    }
    return false;
}

/// What a time means, walking over every position.
std::optional<Target> meaning(const World& world, Timestamp time) {
    const auto steps = line_of(world);
    std::size_t later = 0;
    while (later < steps.size() && !(steps[later].cell.point > std::optional(time))) ++later;
    if (later == steps.size())
        while (later > 0 && !steps[later - 1].cell.stored) --later;
    const std::uint32_t incarnation_of_later =
        later < steps.size() ? steps[later].place.incarnation
                             : (steps.empty() ? 0 : steps.back().place.incarnation);
    for (std::size_t at = later;; --at) {
        // A snapshot stands between the positions; one of the incarnation behind it counts.
        for (const Snapshot& base : world.records.snapshots) {
            if (base.ended > time || base.log->incarnation != incarnation_of_later) continue;
            const bool is_here =
                at < steps.size()
                    ? steps[at].place == LogPlace{incarnation_of_later, base.log->consistent}
                    : base.log->consistent.value == cells;
            const bool is_end =
                at > 0 && steps[at - 1].place ==
                              LogPlace{incarnation_of_later, {base.log->consistent.value - 1}};
            if (is_here || (is_end && at == later))
                return Target{{incarnation_of_later, base.log->consistent}, true};
        }
        if (at == 0 || !steps[at - 1].cell.stored) return std::nullopt;
        if (!steps[at - 1].cell.point) continue;
        if (has_tree_base(world, steps, at - 1) || base_for(world, steps, at - 1))
            return Target{steps[at - 1].place, false};
        return std::nullopt;
    }
}

/// All that is replayed is stored, and goes from the base to the target without a gap.
void check_replay(const World& world, const Plan& plan) {
    LogPlace at;
    if (const auto* snapshot = std::get_if<Snapshot>(&plan.base))
        at = {snapshot->log->incarnation, snapshot->log->start};
    else
        at = {std::get<Segment>(plan.base).incarnation, std::get<Segment>(plan.base).end};
    for (const LogRange& range : plan.replay) {
        if (range.incarnation != at.incarnation) {
            const auto& fork = world.records.lines[range.incarnation - 1].fork;
            RC_ASSERT(fork.has_value());
            RC_ASSERT(fork->position == range.begin);
        }
        RC_ASSERT(range.begin == at.position);
        at = {range.incarnation, range.end};
        if (plan.point)
            for (std::uint64_t i = range.begin.value; i < range.end.value; ++i)
                RC_ASSERT(world.log.at(range.incarnation)[i].stored);
    }
    if (plan.point)
        RC_ASSERT(at == (LogPlace{plan.place->incarnation, {plan.place->position.value + 1}}));
}

Snapshot plain_snapshot(std::int64_t ended) {
    return {0, {ended}, {}};
}

std::shared_ptr<const Buffer> points_at(std::uint64_t begin, std::vector<std::int64_t> times) {
    format::RestorePointsBuilder points;
    for (std::size_t i = 0; i < times.size(); ++i) points.add({{begin + i}, {times[i]}});
    return std::make_shared<Buffer>(Buffer::copy_of(points.encode()));
}

/// A followed directory: segments of three records with the tree after each, the first from 0.
MemoryRecords followed() {
    MemoryRecords records;
    records.lines = {{1, "journal-1", {}}};
    records.add_segment({1, "j0", {0}, {3}, {115}, {}, NodeId{}}, points_at(0, {100, 105, 110}),
                        {110});
    records.add_segment({1, "j1", {3}, {6}, {130}, {}, NodeId{}}, points_at(3, {120, 122, 125}),
                        {125});
    return records;
}

const Plan& plan_in(const std::variant<Plan, NoPlan>& answer) {
    REQUIRE(std::holds_alternative<Plan>(answer));
    return std::get<Plan>(answer);
}
const NoPlan& none_in(const std::variant<Plan, NoPlan>& answer) {
    REQUIRE(std::holds_alternative<NoPlan>(answer));
    return std::get<NoPlan>(answer);
}

}  // namespace

TEST_CASE("a time means what walking over every position finds, gaps, forks and all") {
    int plans = 0, gaps = 0;
    CHECK(rc::check("plan agrees with the walk", [&] {
        const World world = random_world();
        for (int i = 0; i < 20; ++i) {
            const Timestamp time{number(80, 90 + static_cast<int>(4 * cells))};
            const auto expected = meaning(world, time);
            const auto answer = plan(world.records, time, now);
            const auto* found = std::get_if<Plan>(&answer);
            // Behind the end of the log nothing is known, and before it snapshots stand alone.
            if (found && !found->place) continue;
            if (!found && std::get<NoPlan>(answer).why == NoPlan::Why::after_last) continue;
            RC_LOG() << describe(world) << "time " << time.ns << '\n';
            RC_ASSERT((found != nullptr) == expected.has_value());
            ++(found ? plans : gaps);
            if (!found) continue;
            RC_ASSERT(*found->place == expected->place);
            RC_ASSERT(found->point.has_value() != expected->is_snapshot);
            check_replay(world, *found);
        }
    }));
    CHECK(plans > 100);
    CHECK(gaps > 100);
}

TEST_CASE("without a log a moment is the last snapshot that had ended") {
    MemoryRecords records;
    CHECK(none_in(plan(records, Timestamp{5}, now)).why == NoPlan::Why::nothing_stored);
    for (const std::int64_t ended : {100, 90, 200}) records.add_snapshot(plain_snapshot(ended));
    const auto place_at = [&](const Moment& moment) {
        const auto answer = plan(records, moment, now);
        return std::get<Snapshot>(plan_in(answer).base).place;
    };
    CHECK(place_at(Timestamp{100}) == 1);  // the order of names rules, not the clock
    CHECK(place_at(Timestamp{199}) == 1);
    CHECK(place_at(Timestamp{200}) == 2);
    CHECK(place_at(Latest{}) == 2);
    CHECK(place_at(Earliest{}) == 0);
    const auto early = plan(records, Timestamp{99}, now);
    CHECK(none_in(early).why == NoPlan::Why::before_first);
    REQUIRE(none_in(early).after);
    CHECK(none_in(early).after->time == Timestamp{100});
    const auto late = plan(records, Timestamp{now.ns + 1}, now);
    CHECK(none_in(late).why == NoPlan::Why::after_last);
    CHECK(none_in(late).before->time == Timestamp{200});
}

TEST_CASE("a followed directory is a stored tree and at most one piece of the journal") {
    const MemoryRecords records = followed();
    const auto inside = plan(records, Timestamp{123}, now);
    CHECK(plan_in(inside).place == LogPlace{1, {4}});
    CHECK(plan_in(inside).time == Timestamp{122});
    CHECK(std::get<Segment>(plan_in(inside).base).name == "j0");
    CHECK(plan_in(inside).replay == std::vector<LogRange>{{1, {3}, {5}}});
    const auto at_end = plan(records, Timestamp{115}, now);
    CHECK(std::get<Segment>(plan_in(at_end).base).name == "j0");
    CHECK(plan_in(at_end).replay.empty());
    CHECK(plan_in(plan(records, Timestamp{130}, now)).time == Timestamp{125});
    CHECK(plan_in(plan(records, Latest{}, now)).time == Timestamp{125});
    CHECK(plan_in(plan(records, Earliest{}, now)).time == Timestamp{110});
    const auto beyond = plan(records, Timestamp{131}, now);
    CHECK(none_in(beyond).why == NoPlan::Why::after_last);
    CHECK(none_in(beyond).before->time == Timestamp{125});
}

TEST_CASE("a clock that stepped back hides points from times, not from positions") {
    MemoryRecords records = followed();
    records.add_segment({1, "j2", {6}, {9}, {140}, {}, NodeId{}}, points_at(6, {90, 95, 140}),
                        {140});
    CHECK(plan_in(plan(records, Timestamp{139}, now)).place == LogPlace{1, {7}});
    const auto hidden = plan(records, AtPosition{{}, {6}}, now);
    CHECK(plan_in(hidden).time == Timestamp{90});
    CHECK(none_in(plan(records, Timestamp{104}, now)).why != NoPlan::Why::after_last);
}

TEST_CASE("moments in a lost span do not exist, those in an uncertain one say so") {
    MemoryRecords records = followed();
    records.logs[1].spans = {{{2}, {3}, {112}, {119}, true, "the server was down"},
                             {{3}, {4}, {120}, {122}, false, "the event queue overflowed"}};
    CHECK(plan_in(plan(records, Timestamp{112}, now)).place == LogPlace{1, {2}});
    const auto lost = plan(records, Timestamp{113}, now);
    CHECK(none_in(lost).why == NoPlan::Why::in_gap);
    CHECK(none_in(lost).before->time == Timestamp{110});
    CHECK(none_in(lost).after->time == Timestamp{119});
    const auto uncertain = plan(records, Timestamp{121}, now);
    REQUIRE(plan_in(uncertain).uncertain);
    CHECK(plan_in(uncertain).uncertain->reason == "the event queue overflowed");
    CHECK_FALSE(plan_in(plan(records, Timestamp{120}, now)).uncertain);
    CHECK_FALSE(plan_in(plan(records, Timestamp{122}, now)).uncertain);
}

TEST_CASE("snapshots before a log and behind its end stand alone") {
    MemoryRecords records;
    for (const std::int64_t ended : {50, 60}) records.add_snapshot(plain_snapshot(ended));
    const MemoryRecords log = followed();
    records.lines = log.lines;
    records.logs = log.logs;
    records.points_of = log.points_of;
    records.add_snapshot(plain_snapshot(500));
    CHECK(std::get<Snapshot>(plan_in(plan(records, Timestamp{70}, now)).base).place == 1);
    CHECK(std::get<Snapshot>(plan_in(plan(records, Timestamp{500}, now)).base).place == 2);
    CHECK(std::get<Snapshot>(plan_in(plan(records, Latest{}, now)).base).place == 2);
    CHECK(std::get<Snapshot>(plan_in(plan(records, Earliest{}, now)).base).place == 0);
    const auto between = plan(records, Timestamp{400}, now);
    CHECK(none_in(between).why == NoPlan::Why::after_last);
    CHECK(none_in(between).after->time == Timestamp{500});
}

TEST_CASE("snapshots taken beside a log of which nothing is stored stand alone") {
    MemoryRecords records;
    records.lines = {{1, "00000001", {}}, {2, "00000002", LogPlace{1, {700}}}};
    records.add_snapshot({0, {100}, Snapshot::Log{1, {10}, {12}}});
    records.add_snapshot({0, {200}, Snapshot::Log{2, {710}, {720}}});
    const auto place_at = [&](const Moment& moment) {
        const auto answer = plan(records, moment, now);
        CHECK(plan_in(answer).replay.empty());
        return std::get<Snapshot>(plan_in(answer).base).place;
    };
    CHECK(place_at(Timestamp{100}) == 0);
    CHECK(place_at(Timestamp{199}) == 0);
    CHECK(place_at(Timestamp{250}) == 1);
    CHECK(place_at(Latest{}) == 1);
    CHECK(place_at(Earliest{}) == 0);
    CHECK(none_in(plan(records, Timestamp{99}, now)).why == NoPlan::Why::before_first);
}

TEST_CASE("snapshots that the log does not reach stand alone, also beside it") {
    MemoryRecords records;
    records.lines = {{1, "00000001", {}}};
    records.add_snapshot({0, {100}, Snapshot::Log{1, {10}, {12}}});
    const auto points = [](std::uint64_t position, std::int64_t time) {
        format::RestorePointsBuilder list;
        list.add({{position}, {time}});
        return std::make_shared<Buffer>(Buffer::copy_of(list.encode()));
    };
    // The log from 10 to 20, which the snapshot needs, was never stored.
    records.add_segment({1, "w20", {20}, {30}, {150}}, points(25, 150), {150});
    for (const std::int64_t time : {100, 149, 150, 900}) {
        const auto answer = plan(records, Timestamp{time}, now);
        CHECK(std::get<Snapshot>(plan_in(answer).base).place == 0);
        CHECK(plan_in(answer).replay.empty());
    }
    records.add_snapshot({0, {160}, Snapshot::Log{1, {22}, {24}}});
    CHECK(std::get<Snapshot>(plan_in(plan(records, Timestamp{149}, now)).base).place == 0);
    CHECK(plan_in(plan(records, AtPosition{1, {25}}, now)).time == Timestamp{150});
}

TEST_CASE("a record that begins in one segment and ends in the next needs both") {
    MemoryRecords records;
    records.lines = {{1, "00000001", {}}};
    const auto points = [](std::initializer_list<format::RestorePoint> all) {
        format::RestorePointsBuilder list;
        for (const auto& point : all) list.add(point);
        return std::make_shared<Buffer>(Buffer::copy_of(list.encode()));
    };
    records.add_snapshot({0, {100}, Snapshot::Log{1, {10}, {12}}});
    records.add_segment({1, "w10", {10}, {20}, {110}}, points({{{15}, {110}}}), {110});
    const auto early = plan(records, Timestamp{115}, now);
    CHECK(none_in(early).why == NoPlan::Why::after_last);
    records.add_segment({1, "w20", {20}, {30}, {130}}, points({{{19}, {120}}, {{25}, {130}}}),
                        {130});
    for (const auto& answer :
         {plan(records, Timestamp{125}, now), plan(records, AtPosition{1, {19}}, now),
          plan(records, AtPosition{1, {22}}, now)}) {
        CHECK(plan_in(answer).time == Timestamp{120});
        CHECK(plan_in(answer).place == LogPlace{1, {19}});
        CHECK(plan_in(answer).replay == std::vector<LogRange>{{1, {10}, {21}}});
    }
    CHECK(plan_in(plan(records, AtPosition{1, {18}}, now)).time == Timestamp{110});
    CHECK(plan_in(plan(records, Timestamp{119}, now)).time == Timestamp{110});
    CHECK(plan_in(plan(records, Latest{}, now)).time == Timestamp{130});
}
