// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/plan.h>
#include <yore/timeline/windows.h>

#include "../support.h"
#include "memory_records.h"

using namespace yore;
using namespace yore::timeline;
using test::MemoryRecords;

namespace {

std::shared_ptr<const Buffer> point_at(std::uint64_t position, std::int64_t time) {
    format::RestorePointsBuilder points;
    points.add({{position}, {time}});
    return std::make_shared<Buffer>(Buffer::copy_of(points.encode()));
}

/// A segment of ten positions with one point in its middle.
void add_segment(MemoryRecords& records, std::uint32_t incarnation, std::uint64_t begin,
                 std::int64_t time) {
    records.add_segment({incarnation, fmt::format("w{}", begin), {begin}, {begin + 10}, {time}},
                        point_at(begin + 5, time), {time});
}

/// A server with a base at 12, and WAL from 0 to 30 and from 40 to 60, where there is a base at 45.
MemoryRecords archived() {
    MemoryRecords records;
    records.lines = {{1, "tl1", {}}};
    records.logs[1];
    for (const std::uint64_t begin : {0, 10, 20, 40, 50})
        add_segment(records, 1, begin, static_cast<std::int64_t>(100 + begin));
    records.add_snapshot({0, {112}, Snapshot::Log{1, {10}, {12}}});
    records.add_snapshot({0, {146}, Snapshot::Log{1, {42}, {45}}});
    return records;
}

}  // namespace

TEST_CASE("without a log there is one window, from the first snapshot to the last") {
    MemoryRecords records;
    CHECK(windows(records).empty());
    for (const std::int64_t ended : {100, 200}) records.add_snapshot({0, {ended}, {}});
    const auto all = windows(records);
    REQUIRE(all.size() == 1);
    CHECK(all[0].first.time == Timestamp{100});
    CHECK(all[0].last.time == Timestamp{200});
    CHECK(all[0].first.reason == "first snapshot");
}

TEST_CASE("a gap ends a window, and the next begins at the first base behind it") {
    MemoryRecords records = archived();
    records.logs[1].spans = {
        {{29}, {40}, {121}, {139}, true, "segment w30 was recycled before it was sent"}};
    const auto all = windows(records);
    REQUIRE(all.size() == 2);
    CHECK(all[0].first.place == LogPlace{1, {12}});
    CHECK(all[0].first.reason == "first base");
    CHECK(all[0].last.place == LogPlace{1, {25}});
    CHECK(all[0].last.reason ==
          "the log has a gap between w20 and w40, from 1970-01-01T00:00:00.000000121Z to "
          "1970-01-01T00:00:00.000000139Z: segment w30 was recycled before it was sent");
    CHECK(all[1].first.place == LogPlace{1, {45}});
    CHECK(all[1].first.reason == "first base after a gap in the log");
    CHECK(all[1].last.place == LogPlace{1, {55}});
    CHECK(all[1].known_until == Timestamp{150});
}

TEST_CASE("log without a base is no window") {
    MemoryRecords records = archived();
    records.logs[1].bases.clear();
    records.snapshots.clear();
    records.latest_ends.clear();
    CHECK(windows(records).empty());
    const auto answer = plan(records, Timestamp{115}, Timestamp{1000});
    CHECK(std::get<NoPlan>(answer).why == NoPlan::Why::no_base);
}

TEST_CASE("a fork goes on from its parent's window") {
    MemoryRecords records = archived();
    records.lines.push_back({2, "tl2", LogPlace{1, {52}}});
    add_segment(records, 2, 50, 160);
    add_segment(records, 2, 60, 170);
    const auto all = windows(records);
    REQUIRE(all.size() == 3);
    CHECK(all[2].incarnation == 2);
    CHECK(all[2].first.reason == "goes on from its parent's window");
    CHECK(all[2].last.place == LogPlace{2, {65}});
}

TEST_CASE("every bound of a window is a moment that exists") {
    MemoryRecords records = archived();
    records.lines.push_back({2, "tl2", LogPlace{1, {52}}});
    add_segment(records, 2, 50, 160);
    records.logs[2].spans = {{{55}, {58}, {161}, {162}, false, "clock"}};
    for (const Window& window : windows(records))
        for (const Bound& bound : {window.first, window.last}) {
            CAPTURE(bound.reason, bound.time.ns);
            const AtPosition place{bound.place->incarnation, bound.place->position};
            CHECK(std::holds_alternative<Plan>(plan(records, place, Timestamp{1000})));
        }
}
