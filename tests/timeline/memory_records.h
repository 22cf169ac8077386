// SPDX-License-Identifier: Apache-2.0
/// Records in sorted vectors: every lookup is a binary search.
#pragma once

#include <yore/timeline/records.h>

#include <algorithm>
#include <map>
#include <vector>

namespace yore::test {

class MemoryRecords final : public timeline::Records {
  public:
    struct Log {
        std::vector<timeline::Segment> segments;  ///< by position
        std::vector<timeline::Run> runs;
        std::vector<timeline::Span> spans;
        std::vector<std::pair<Timestamp, std::size_t>> by_time;  ///< greatest so far, segment
        std::vector<timeline::Snapshot> bases;  ///< by `consistent`, then falling `ended`
    };
    std::vector<timeline::Snapshot> snapshots;
    std::vector<Timestamp> latest_ends;  ///< of each snapshot and those before it
    std::vector<timeline::Incarnation> lines;
    std::map<std::uint32_t, Log> logs;
    std::map<timeline::LogPlace, std::shared_ptr<const Buffer>> points_of;  ///< by segment's begin

    void add_snapshot(timeline::Snapshot snapshot) {
        snapshot.place = static_cast<std::uint32_t>(snapshots.size());
        snapshots.push_back(snapshot);
        latest_ends.push_back(latest_ends.empty() ? snapshot.ended
                                                  : std::max(latest_ends.back(), snapshot.ended));
        if (!snapshot.log) return;
        auto& bases = logs[snapshot.log->incarnation].bases;
        const auto order = [](const timeline::Snapshot& base) {
            return std::pair(base.log->consistent, -base.ended.ns);
        };
        bases.insert(std::ranges::upper_bound(bases, order(snapshot), {}, order), snapshot);
    }
    /// In the order of positions. `node`: its restore points; none: null.
    void add_segment(timeline::Segment segment, std::shared_ptr<const Buffer> node,
                     Timestamp newest) {
        Log& log = logs[segment.incarnation];
        if (node) segment.points = NodeId{};
        if (node) {
            if (!log.by_time.empty()) newest = std::max(newest, log.by_time.back().first);
            log.by_time.emplace_back(newest, log.segments.size());
            points_of[{segment.incarnation, segment.begin}] = std::move(node);
        }
        if (!log.runs.empty() && log.runs.back().end == segment.begin)
            log.runs.back().end = segment.end;
        else
            log.runs.push_back({segment.begin, segment.end});
        log.segments.push_back(std::move(segment));
    }

    std::uint32_t snapshot_count() const override {
        return static_cast<std::uint32_t>(snapshots.size());
    }
    timeline::Snapshot snapshot(std::uint32_t place) const override { return snapshots[place]; }
    std::optional<timeline::Snapshot> snapshot_ended_by(Timestamp time) const override {
        const auto later = std::ranges::upper_bound(latest_ends, time);
        if (later == latest_ends.begin()) return std::nullopt;
        return snapshots[static_cast<std::size_t>(later - latest_ends.begin() - 1)];
    }
    std::optional<timeline::Snapshot> newest_base(timeline::LogPlace place) const override {
        const auto& bases = log(place).bases;
        const auto behind = std::ranges::upper_bound(bases, place.position, {}, consistent);
        return behind == bases.begin() ? std::nullopt : std::optional(*std::prev(behind));
    }
    std::optional<timeline::Snapshot> oldest_base(timeline::LogPlace place) const override {
        const auto& bases = log(place).bases;
        return value(bases, std::ranges::lower_bound(bases, place.position, {}, consistent));
    }
    std::vector<timeline::Incarnation> incarnations() const override { return lines; }
    std::vector<timeline::Run> runs(std::uint32_t incarnation) const override {
        return log({incarnation, {}}).runs;
    }
    std::optional<timeline::Segment> segment_ending_after(timeline::LogPlace place) const override {
        const auto& all = log(place).segments;
        return value(all,
                     std::ranges::upper_bound(all, place.position, {}, &timeline::Segment::end));
    }
    std::optional<timeline::Segment> segment_ending_at(timeline::LogPlace place) const override {
        const auto& all = log(place).segments;
        const auto found =
            std::ranges::lower_bound(all, place.position, {}, &timeline::Segment::end);
        if (found == all.end() || found->end != place.position) return std::nullopt;
        return *found;
    }
    std::optional<timeline::Segment> segment_later_than(std::uint32_t incarnation,
                                                        Timestamp time) const override {
        const Log& here = log({incarnation, {}});
        const auto later = std::ranges::upper_bound(here.by_time, time, {},
                                                    [](const auto& item) { return item.first; });
        if (later == here.by_time.end()) return std::nullopt;
        return here.segments[later->second];
    }
    std::optional<timeline::Span> span_behind(timeline::LogPlace place) const override {
        const auto& all = log(place).spans;
        return value(all,
                     std::ranges::upper_bound(all, place.position, {}, &timeline::Span::until));
    }
    timeline::Points points(const timeline::Segment& segment) const override {
        const auto& node = points_of.at({segment.incarnation, segment.begin});
        return {node, format::RestorePoints(node->view())};
    }

  private:
    static LogPosition consistent(const timeline::Snapshot& base) { return base.log->consistent; }
    template <typename All, typename At>
    static std::optional<typename All::value_type> value(const All& all, At at) {
        return at == all.end() ? std::nullopt : std::optional(*at);
    }
    const Log& log(timeline::LogPlace place) const {
        static const Log none;
        const auto found = logs.find(place.incarnation);
        return found == logs.end() ? none : found->second;
    }
};

}  // namespace yore::test
