// SPDX-License-Identifier: Apache-2.0
/// A source that was several systems, one after the other.
#pragma once

#include <vector>

#include "random_world.h"

namespace yore::test {

/// A base at 2, and a log from 0 to 30 with a point in the midst of each ten.
inline World plain_world(std::int64_t from) {
    World world;
    world.records.lines = {{1, "00000001", {}}};
    for (const std::uint64_t begin : {0, 10, 20}) {
        const Timestamp time{from + static_cast<std::int64_t>(begin) + 5};
        format::RestorePointsBuilder points;
        points.add({{begin + 5}, time});
        world.records.add_segment({1, fmt::format("w{}", begin), {begin}, {begin + 10}, time},
                                  std::make_shared<Buffer>(Buffer::copy_of(points.encode())), time);
    }
    world.records.add_snapshot({0, {from + 2}, Snapshot::Log{1, {0}, {2}}});
    return world;
}

/// What systems number their incarnations from, so that a newer one's are the greater ones.
constexpr std::uint32_t system_step = 1000;

/// The systems of one source, oldest first.
inline MemoryRecords as_one_source(const std::vector<World>& systems) {
    MemoryRecords all;
    for (std::uint32_t place = 0; place < systems.size(); ++place) {
        const MemoryRecords& own = systems[place].records;
        const std::uint32_t step = place * system_step;
        for (Incarnation line : own.lines) {
            line.number += step;
            if (line.fork) line.fork->incarnation += step;
            line.system = place + 1;
            all.lines.push_back(std::move(line));
        }
        for (const auto& [number, log] : own.logs) {
            auto& added = all.logs[number + step] = log;
            added.bases.clear();
            for (auto& segment : added.segments) segment.incarnation += step;
        }
        for (const auto& [begin, node] : own.points_of)
            all.points_of[{begin.incarnation + step, begin.position}] = node;
        for (Snapshot snapshot : own.snapshots) {
            snapshot.log->incarnation += step;
            all.add_snapshot(snapshot);
        }
    }
    return all;
}

}  // namespace yore::test
