// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/plan.h>

#include <set>

#include <rapidcheck.h>

#include "../support.h"
#include "memory_records.h"

using namespace yore;
using namespace yore::timeline;
using test::MemoryRecords;

namespace {

constexpr std::uint64_t cells = 40;  ///< positions of each incarnation
constexpr Timestamp now{1'000'000};

/// One record of a log: whether it is stored, and whether it is a restore point.
struct Cell {
    bool stored = false;
    std::optional<Timestamp> point;
};

/// A small source, as a table of all its positions: what the records say, said naively.
struct World {
    std::map<std::uint32_t, std::vector<Cell>> log;
    MemoryRecords records;
    bool trees = false;

    std::vector<Incarnation> ancestry() const {
        std::vector<Incarnation> line{records.lines.back()};
        while (line.front().fork)
            line.insert(line.begin(), records.lines[line.front().fork->incarnation - 1]);
        return line;
    }
};

int number(int low, int high) {
    return *rc::gen::inRange(low, high);
}

void fill_log(World& world, const Incarnation& line, std::int64_t& clock) {
    auto& log = world.log[line.number];
    log.resize(cells);
    const std::uint64_t start = line.fork ? line.fork->position.value / 4 * 4 : 0;
    for (std::uint64_t begin = start; begin < cells;) {
        const std::uint64_t end = std::min<std::uint64_t>(cells, begin + 1 + number(0, 5));
        if (begin != start && number(0, 8) == 0) {  // a segment that was lost
            clock += number(0, 20);
            begin = end;
            continue;
        }
        format::RestorePointsBuilder points;
        Timestamp newest{INT64_MIN};
        for (std::uint64_t at = begin; at < end; ++at) {
            log[at].stored = true;
            clock += number(0, 25) == 0 ? -number(0, 30) : number(0, 5);
            const bool before_fork = line.fork && at < line.fork->position.value;
            if (before_fork || (!world.trees && number(0, 3) == 0)) continue;
            log[at].point = Timestamp{clock};
            points.add({{at}, {clock}});
            newest = std::max(newest, Timestamp{clock});
        }
        std::shared_ptr<const Buffer> node;
        if (points.count() > 0) node = std::make_shared<Buffer>(Buffer::copy_of(points.encode()));
        world.records.add_segment(
            {line.number, fmt::format("s{}", begin), {begin}, {end}, {clock}, false, world.trees},
            node, newest);
        begin = end;
        if (number(0, 20) == 0) break;
    }
}

World random_world() {
    World world;
    world.trees = number(0, 2) == 0;
    std::int64_t clock = 100;
    const int lines = world.trees ? 1 : number(1, 4);
    for (int i = 1; i <= lines; ++i) {
        Incarnation line{static_cast<std::uint32_t>(i), fmt::format("tl{}", i), {}};
        if (i > 1) {
            const auto parent = static_cast<std::uint32_t>(number(1, i));
            const auto& grandparent = world.records.lines[parent - 1].fork;
            const int first = grandparent ? static_cast<int>(grandparent->position.value) : 1;
            line.fork = LogPlace{parent, {static_cast<std::uint64_t>(number(first, cells))}};
        }
        world.records.lines.push_back(line);
        fill_log(world, line, clock);
    }
    for (int i = number(1, 7); i > 0; --i) {
        const auto consistent = static_cast<std::uint64_t>(number(0, cells));
        const auto incarnation = static_cast<std::uint32_t>(number(1, lines + 1));
        const auto back = static_cast<std::uint64_t>(number(0, 4));
        world.records.add_snapshot(
            {0,
             {number(90, 90 + static_cast<int>(3 * cells))},
             Snapshot::Log{incarnation, {consistent - std::min(consistent, back)}, {consistent}}});
    }
    return world;
}

/// For the report of a failure.
std::string describe(const World& world) {
    std::string text;
    for (const Incarnation& line : world.records.lines) {
        text += fmt::format("log {}:", line.number);
        if (line.fork)
            text +=
                fmt::format(" from {} at {}:", line.fork->incarnation, line.fork->position.value);
        for (const Cell& cell : world.log.at(line.number))
            text += cell.point ? fmt::format(" {}", cell.point->ns) : cell.stored ? " ." : " -";
        text += '\n';
    }
    for (const Snapshot& base : world.records.snapshots)
        text += fmt::format("snapshot of {}: {} to {}, ended {}\n", base.log->incarnation,
                            base.log->start.value, base.log->consistent.value, base.ended.ns);
    return text;
}

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
    records.add_segment({1, "j0", {0}, {3}, {115}, false, true}, points_at(0, {100, 105, 110}),
                        {110});
    records.add_segment({1, "j1", {3}, {6}, {130}, false, true}, points_at(3, {120, 122, 125}),
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
    records.add_segment({1, "j2", {6}, {9}, {140}, false, true}, points_at(6, {90, 95, 140}),
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
