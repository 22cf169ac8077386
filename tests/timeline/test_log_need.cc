// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/log_need.h>
#include <yore/timeline/plan.h>

#include <rapidcheck.h>

#include "../support.h"
#include "several_systems.h"

using namespace yore;
using namespace yore::timeline;
using namespace yore::test;

namespace {

/// The records when all segments are gone that are not needed; how many went.
std::size_t prune(MemoryRecords& records, const LogNeed& need) {
    std::size_t gone = 0;
    const auto before = records;
    for (auto& [incarnation, log] : records.logs) {
        log.segments.clear();
        log.runs.clear();
        log.by_time.clear();
    }
    for (const auto& [incarnation, log] : before.logs) {
        auto newest_so_far = log.by_time.begin();
        for (const Segment& segment : log.segments) {
            Timestamp newest;
            if (segment.points) newest = (newest_so_far++)->first;
            if (!need.covers(segment))
                ++gone;
            else if (segment.points)
                records.add_segment(segment, before.points(segment).node, newest);
            else
                records.add_segment(segment, nullptr, {});
        }
    }
    return gone;
}

/// The state that a moment means; however it is made.
std::string state_of(const std::variant<Plan, NoPlan>& answer) {
    const auto* found = std::get_if<Plan>(&answer);
    if (!found) return "none";
    if (!found->place) return fmt::format("snapshot {}", std::get<Snapshot>(found->base).place);
    return fmt::format("{}:{}{}", found->place->incarnation, found->place->position.value,
                       found->point ? "" : " of a snapshot");
}

/// The time of the newest point in front of a place.
std::optional<Timestamp> newest_before(const World& world, LogPlace place) {
    const auto& line = world.records.lines[place.incarnation - 1];
    std::optional<Timestamp> newest;
    if (line.fork) newest = newest_before(world, *line.fork);
    for (std::size_t at = 0; at < place.position.value; ++at) {
        const auto& point = world.log.at(line.number)[at].point;
        if (point) newest = std::max(newest.value_or(*point), *point);
    }
    return newest;
}

/// With snapshots as they are taken: one after the other, no line before it began, dated by the
/// clock that dates the log, and that is never set back. Where clocks disagree, what a time means
/// depends on what is there of the log.
World world_of_one_clock() {
    World world = random_world(0, /*clock_goes_back=*/false);
    auto taken = std::exchange(world.records.snapshots, {});
    world.records.latest_ends.clear();
    for (auto& [incarnation, log] : world.records.logs) log.bases.clear();
    for (Snapshot& snapshot : taken)
        if (const auto& fork = world.records.lines[snapshot.log->incarnation - 1].fork) {
            snapshot.log->start = std::max(snapshot.log->start, fork->position);
            snapshot.log->consistent = std::max(snapshot.log->consistent, fork->position);
        }
    std::ranges::sort(taken, {}, [](const Snapshot& snapshot) {
        return std::pair(snapshot.log->incarnation, snapshot.log->consistent);
    });
    Timestamp clock{90};
    for (Snapshot& snapshot : taken) {
        const LogPlace place{snapshot.log->incarnation, snapshot.log->consistent};
        clock = std::max(clock, newest_before(world, place).value_or(clock));
        snapshot.ended = clock;
        world.records.add_snapshot(snapshot);
    }
    return world;
}

RetentionPolicy window_of(std::int64_t ns) {
    RetentionPolicy policy;
    policy.window = {ns};
    return policy;
}

}  // namespace

TEST_CASE("every moment that is kept opens as before, when the log that none needs is gone") {
    std::size_t gone = 0, opened = 0;
    CHECK(rc::check("pruned or not, the plan is the same", [&] {
        const World world = world_of_one_clock();
        const Timestamp since{number(80, 90 + static_cast<int>(4 * cells))};
        const auto need = log_needed_since(world.records, since, now);
        if (!need) return;
        auto pruned = world.records;
        gone += prune(pruned, *need);
        RC_LOG() << describe(world) << "since " << since.ns << ", from " << need->from.incarnation
                 << ":" << need->from.position.value << '\n';
        for (std::int64_t time = since.ns; time < 90 + 5 * static_cast<int>(cells); ++time) {
            const auto before = state_of(plan(world.records, Timestamp{time}, now));
            RC_LOG() << "time " << time << '\n';
            if (before == "none") continue;  // perhaps before all of the log now
            RC_ASSERT(state_of(plan(pruned, Timestamp{time}, now)) == before);
            ++opened;
        }
        RC_ASSERT(state_of(plan(pruned, Latest{}, now)) ==
                  state_of(plan(world.records, Latest{}, now)));
    }));
    CHECK(gone > 5);
    CHECK(opened > 20);
}

TEST_CASE("a followed directory keeps the stored tree that the first moment begins with") {
    MemoryRecords records;
    records.lines = {{1, "journal-1", {}}};
    for (std::int64_t i = 0; i < 10; ++i) {
        const auto begin = static_cast<std::uint64_t>(i);
        format::RestorePointsBuilder points;
        points.add({{begin}, {100 + 10 * i}});
        records.add_segment(
            {1, fmt::format("j{}", i), {begin}, {begin + 1}, {105 + 10 * i}, {}, NodeId{}},
            std::make_shared<Buffer>(Buffer::copy_of(points.encode())), {100 + 10 * i});
    }
    const auto from = [&](std::int64_t since) {
        return log_needed_since(records, Timestamp{since}, now).value().from.position.value;
    };
    CHECK(from(150) == 5);  // j5 ends with the tree of 150
    CHECK(from(159) == 5);
    CHECK(from(149) == 4);
    CHECK(from(100) == 0);
    CHECK_FALSE(log_needed_since(records, Timestamp{50}, now).has_value());
    CHECK(from(500) == 9);  // however old it is, the last tree stays
    records.add_snapshot({0, {700}, {}});
    CHECK(from(800) == 9);
}

TEST_CASE("a time before all that is left means nothing, though a clock was set back") {
    MemoryRecords records;
    records.lines = {{1, "journal-1", {}}};
    format::RestorePointsBuilder points;
    points.add({{5}, {50}});
    const auto node = std::make_shared<Buffer>(Buffer::copy_of(points.encode()));
    // Before it there was a segment, with a point of the time 200.
    records.add_segment({1, "j5", {5}, {6}, {210}, {}, NodeId{}}, node, {200});
    CHECK(std::holds_alternative<NoPlan>(plan(records, Timestamp{70}, now)));
    CHECK(std::holds_alternative<Plan>(plan(records, Timestamp{205}, now)));
}

TEST_CASE("moments are kept as far back as the window, or the oldest snapshot, and the holds") {
    const std::vector<SnapshotFacts> snapshots{{{100}}, {{200}}, {{300}}};
    const History history{snapshots};
    const Timestamp at_end{1000};
    const auto since = [&](const RetentionPolicy& policy, const Holds& holds = {}) {
        const auto judgement = judge(history, policy, holds, at_end);
        const auto kept = moments_kept_since(history, judgement, policy, holds, at_end);
        return kept ? std::optional(kept->ns) : std::nullopt;
    };
    CHECK(since({}) == std::nullopt);
    RetentionPolicy two;
    two.last = 2;
    CHECK(since(two) == 200);
    CHECK(since(two, {{{"1", {150}, {160}}}, {}}) == 100);  // the hold keeps a snapshot, too
    CHECK(since(window_of(50)) == 950);
    CHECK(since(window_of(50), {{{"1", {400}, {500}}}, {}}) == 400);
    const std::vector<SnapshotFacts> nothing;
    CHECK_FALSE(moments_kept_since({nothing}, {}, two, {}, at_end).has_value());
}

TEST_CASE("of a source of several systems, too, what is kept of the log is enough") {
    auto systems = std::vector{plain_world(100), plain_world(200), plain_world(300)};
    systems[1].records.add_snapshot({0, {216}, Snapshot::Log{1, {14}, {16}}});
    const auto records = as_one_source(systems);
    std::size_t gone = 0;
    for (std::int64_t since = 90; since < 340; ++since) {
        const auto need = log_needed_since(records, Timestamp{since}, now);
        if (!need) continue;
        auto pruned = records;
        gone += prune(pruned, *need);
        for (std::int64_t time = since; time < 340; ++time) {
            const auto before = state_of(plan(records, Timestamp{time}, now));
            if (before == "none") continue;  // perhaps before all of the log now
            CAPTURE(since, time);
            CHECK(state_of(plan(pruned, Timestamp{time}, now)) == before);
        }
    }
    CHECK(gone > 5);
}
