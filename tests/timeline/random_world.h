// SPDX-License-Identifier: Apache-2.0
/// Random small sources: snapshots, logs with gaps and forks, clocks that go back.
#pragma once

#include <yore/timeline/records.h>

#include <map>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "memory_records.h"

namespace yore::test {

using timeline::Incarnation, timeline::LogPlace, timeline::Snapshot;

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
    bool clock_goes_back = true;  ///< now and then

    std::vector<Incarnation> ancestry() const {
        std::vector<Incarnation> line{records.lines.back()};
        while (line.front().fork)
            line.insert(line.begin(), records.lines[line.front().fork->incarnation - 1]);
        return line;
    }
};

inline int number(int low, int high) {
    return *rc::gen::inRange(low, high);
}

inline void fill_log(World& world, const Incarnation& line, std::int64_t& clock) {
    auto& log = world.log[line.number];
    log.resize(cells);
    const std::uint64_t start = line.fork ? line.fork->position.value / 4 * 4 : 0;
    for (std::uint64_t begin = start; begin < cells;) {
        std::uint64_t end = std::min<std::uint64_t>(cells, begin + 1 + number(0, 5));
        if (begin == start && line.fork)  // the segment in which a line forks off is one
            end = std::max(end, std::min<std::uint64_t>(cells, line.fork->position.value + 1));
        if (begin != start && number(0, 8) == 0) {  // a segment that was lost
            clock += number(0, 20);
            begin = end;
            continue;
        }
        format::RestorePointsBuilder points;
        Timestamp newest{INT64_MIN};
        for (std::uint64_t at = begin; at < end; ++at) {
            log[at].stored = true;
            const bool back = world.clock_goes_back && number(0, 25) == 0;
            clock += back ? -number(0, 30) : number(0, 5);
            const bool before_fork = line.fork && at < line.fork->position.value;
            if (before_fork || (!world.trees && number(0, 3) == 0)) continue;
            log[at].point = Timestamp{clock};
            points.add({{at}, {clock}});
            newest = std::max(newest, Timestamp{clock});
        }
        std::shared_ptr<const Buffer> node;
        if (points.count() > 0) node = std::make_shared<Buffer>(Buffer::copy_of(points.encode()));
        timeline::Segment segment{line.number, fmt::format("s{}", begin), {begin}, {end}, {clock}};
        if (world.trees) segment.tree = NodeId{};
        world.records.add_segment(std::move(segment), node, newest);
        begin = end;
        if (number(0, 20) == 0) break;
    }
}

/// `from`: what all its times are later.
inline World random_world(int from = 0, bool clock_goes_back = true) {
    World world;
    world.clock_goes_back = clock_goes_back;
    world.trees = number(0, 2) == 0;
    std::int64_t clock = 100 + from;
    const int lines = world.trees ? 1 : number(1, 4);
    for (int i = 1; i <= lines; ++i) {
        Incarnation line{static_cast<std::uint32_t>(i), fmt::format("tl{}", i), {}};
        if (i > 1) {
            const auto parent = static_cast<std::uint32_t>(number(1, i));
            const auto& grandparent = world.records.lines[parent - 1].fork;
            const int first = grandparent ? static_cast<int>(grandparent->position.value) + 1 : 1;
            const int at = std::min<int>(number(first, std::max<int>(first + 1, cells)), cells);
            line.fork = LogPlace{parent, {static_cast<std::uint64_t>(at)}};
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
             {number(from + 90, from + 90 + static_cast<int>(3 * cells))},
             Snapshot::Log{incarnation, {consistent - std::min(consistent, back)}, {consistent}}});
    }
    return world;
}

/// For the report of a failure.
inline std::string describe(const World& world) {
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

}  // namespace yore::test
