// SPDX-License-Identifier: Apache-2.0
// Planning over 10,000 snapshots and 1,000,000 segments with 100 restore points each.
#include <yore/base/random.h>
#include <yore/timeline/plan.h>
#include <yore/timeline/windows.h>

#include <benchmark/benchmark.h>

#include "../timeline/memory_records.h"

namespace {

using namespace yore;
using namespace yore::timeline;

constexpr std::int64_t segments = 1'000'000, segment_positions = 1000, points_each = 100;
constexpr std::int64_t second = 1'000'000'000;

/// All segments share one list's bytes but for their first place, so that it fits into memory: the
/// list of each is made when it is asked for, as the store would read it.
class History final : public Records {
  public:
    explicit History(const test::MemoryRecords& records) : records_(records) {}
    std::uint32_t snapshot_count() const override { return records_.snapshot_count(); }
    Snapshot snapshot(std::uint32_t place) const override { return records_.snapshot(place); }
    std::optional<Snapshot> snapshot_ended_by(Timestamp time) const override {
        return records_.snapshot_ended_by(time);
    }
    std::optional<Snapshot> newest_base(LogPlace place) const override {
        return records_.newest_base(place);
    }
    std::optional<Snapshot> oldest_base(LogPlace place) const override {
        return records_.oldest_base(place);
    }
    std::vector<Incarnation> incarnations() const override { return records_.incarnations(); }
    std::vector<Run> runs(std::uint32_t incarnation) const override {
        return records_.runs(incarnation);
    }
    std::optional<Segment> segment_ending_after(LogPlace place) const override {
        return records_.segment_ending_after(place);
    }
    std::optional<Segment> segment_ending_at(LogPlace place) const override {
        return records_.segment_ending_at(place);
    }
    std::optional<Segment> segment_later_than(std::uint32_t incarnation,
                                              Timestamp time) const override {
        return records_.segment_later_than(incarnation, time);
    }
    std::optional<Span> span_behind(LogPlace place) const override {
        return records_.span_behind(place);
    }
    Points points(const Segment& segment) const override {
        format::RestorePointsBuilder points;
        const auto begin = static_cast<std::int64_t>(segment.begin.value);
        for (std::int64_t i = 0; i < points_each; ++i)
            points.add({{static_cast<std::uint64_t>(begin + i * segment_positions / points_each)},
                        {(begin + i) * second / segment_positions}});
        auto node = std::make_shared<Buffer>(Buffer::copy_of(points.encode()));
        return {node, format::RestorePoints(node->view())};
    }

  private:
    const test::MemoryRecords& records_;
};

const test::MemoryRecords& all_records() {
    static const test::MemoryRecords records = [] {
        test::MemoryRecords made;
        made.lines = {{1, "tl1", {}}};
        auto& log = made.logs[1];
        for (std::int64_t i = 0; i < segments; ++i) {
            const auto begin = static_cast<std::uint64_t>(i * segment_positions);
            log.segments.push_back(
                {1, {}, {begin}, {begin + segment_positions}, {(i + 1) * second}, true, false});
            log.by_time.emplace_back(Timestamp{i * second + second / 10},
                                     static_cast<std::size_t>(i));
        }
        log.runs = {{{0}, {static_cast<std::uint64_t>(segments * segment_positions)}}};
        for (std::int64_t i = 0; i < 10'000; ++i) {
            const auto start = static_cast<std::uint64_t>(i * 100 * segment_positions);
            made.add_snapshot({0, {i * 100 * second + 50}, Snapshot::Log{1, {start}, {start + 1}}});
        }
        return made;
    }();
    return records;
}

void plan_a_time(benchmark::State& state) {
    const History history(all_records());
    SeededRandom random(1);
    for (auto _ : state) {
        const Timestamp moment{
            static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(segments - 1))) *
                second +
            second};
        const auto answer = plan(history, moment, {INT64_MAX});
        if (!std::holds_alternative<Plan>(answer)) state.SkipWithError("no plan");
        benchmark::DoNotOptimize(answer);
    }
}
BENCHMARK(plan_a_time)->Unit(benchmark::kMicrosecond);

void list_windows(benchmark::State& state) {
    const History history(all_records());
    for (auto _ : state) benchmark::DoNotOptimize(windows(history));
}
BENCHMARK(list_windows)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
