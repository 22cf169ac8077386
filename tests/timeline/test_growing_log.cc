// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/plan.h>

#include <rapidcheck.h>

#include "../support.h"
#include "memory_records.h"

using namespace yore;
using namespace yore::timeline;
using namespace yore::test;

namespace {

constexpr Timestamp now{1'000'000};
constexpr std::int64_t first_time = 100, between_points = 10;

/// A followed directory whose open segment has some restore points more in each state: a point
/// stands at each position, `between_points` behind the one before it.
std::vector<MemoryRecords> states(const std::vector<std::uint64_t>& lengths) {
    std::vector<MemoryRecords> all;
    for (const std::uint64_t length : lengths) {
        MemoryRecords& records = all.emplace_back();
        records.lines = {{1, "journal-1", {}}};
        for (const auto& [begin, end] : {std::pair<std::uint64_t, std::uint64_t>{0, 3},
                                         std::pair<std::uint64_t, std::uint64_t>{3, length}}) {
            format::RestorePointsBuilder points;
            Timestamp last;
            for (std::uint64_t at = begin; at < end; ++at) {
                last = {first_time + static_cast<std::int64_t>(at) * between_points};
                points.add({{at}, last});
            }
            records.add_segment({1, "journal", {begin}, {end}, last, {}, NodeId{}},
                                std::make_shared<Buffer>(Buffer::copy_of(points.encode())), last);
        }
    }
    return all;
}

/// Each answer may be of a later state than the one before it.
class GrowingRecords final : public Records {
  public:
    GrowingRecords(const std::vector<MemoryRecords>& states, std::vector<bool> grows)
        : states_(states), grows_(std::move(grows)) {}

    std::uint32_t snapshot_count() const override { return at().snapshot_count(); }
    Snapshot snapshot(std::uint32_t place) const override { return at().snapshot(place); }
    std::optional<Snapshot> snapshot_ended_by(Timestamp time) const override {
        return at().snapshot_ended_by(time);
    }
    std::optional<Snapshot> newest_base(LogPlace place) const override {
        return at().newest_base(place);
    }
    std::optional<Snapshot> oldest_base(LogPlace place) const override {
        return at().oldest_base(place);
    }
    std::vector<Incarnation> incarnations() const override { return at().incarnations(); }
    std::vector<Run> runs(std::uint32_t incarnation) const override {
        return at().runs(incarnation);
    }
    std::optional<Segment> segment_ending_after(LogPlace place) const override {
        return at().segment_ending_after(place);
    }
    std::optional<Segment> segment_ending_at(LogPlace place) const override {
        return at().segment_ending_at(place);
    }
    std::optional<Segment> segment_later_than(std::uint32_t incarnation,
                                              Timestamp time) const override {
        return at().segment_later_than(incarnation, time);
    }
    std::optional<Span> span_behind(LogPlace place) const override {
        return at().span_behind(place);
    }
    /// Of the segment as it was given, whatever has become of it.
    Points points(const Segment& segment) const override {
        for (const MemoryRecords& state : states_)
            if (state.segment_ending_at({segment.incarnation, segment.end}))
                return state.points(segment);
        throw std::logic_error("a segment of no state");
    }

    const MemoryRecords& at() const {
        if (asked_ < grows_.size() && grows_[asked_++] && state_ + 1 < states_.size()) ++state_;
        return states_[state_];
    }

  private:
    const std::vector<MemoryRecords>& states_;
    std::vector<bool> grows_;
    mutable std::size_t asked_ = 0, state_ = 0;
};

std::optional<LogPlace> place_in(const Records& records, Timestamp time) {
    const auto answer = plan(records, time, now);
    const auto* found = std::get_if<Plan>(&answer);
    return found ? found->place : std::nullopt;
}

}  // namespace

TEST_CASE("A log that grows while a time is looked up gives what the time means, or is not there") {
    int found_in_growing = 0, new_in_growing = 0;
    CHECK(rc::check("the place is that of one of the states", [&] {
        std::vector<std::uint64_t> lengths{4};
        while (lengths.size() < 8) lengths.push_back(lengths.back() + *rc::gen::inRange(1, 4));
        const auto all = states(lengths);
        for (int i = 0; i < 50; ++i) {
            const Timestamp time{*rc::gen::inRange(first_time, first_time + 30 * between_points)};
            const auto first = place_in(all.front(), time), last = place_in(all.back(), time);
            const GrowingRecords growing(
                all, *rc::gen::container<std::vector<bool>>(40, rc::gen::arbitrary<bool>()));
            const auto found = place_in(growing, time);
            if (first) RC_ASSERT(found == first);
            if (found) RC_ASSERT(found == last);
            found_in_growing += found.has_value();
            new_in_growing += found && !first;
        }
    }));
    CHECK(found_in_growing > 1000);
    CHECK(new_in_growing > 100);
}
