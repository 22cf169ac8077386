// SPDX-License-Identifier: Apache-2.0
/// The records of one of a source's systems, as if it were all of the source.
///
/// After an upgrade the log of the new system goes on from nothing, and its positions begin anew.
/// Snapshots are in the order in which they were taken, so that those of a system are a part of
/// them. Snapshots of before there was a log are the first system's.
#pragma once

#include <yore/timeline/records.h>

#include <vector>

namespace yore::timeline {

/// Oldest first. None has a log: empty.
std::vector<std::uint32_t> systems_of(const Records&);

/// Places of snapshots count from the system's first one. The records outlive it.
class SystemRecords final : public Records {
  public:
    SystemRecords(const Records&, std::uint32_t system);

    /// How many snapshots the source has before the system's first one.
    std::uint32_t first_place() const { return first_; }

    std::uint32_t snapshot_count() const override { return end_ - first_; }
    Snapshot snapshot(std::uint32_t place) const override;
    std::optional<Snapshot> snapshot_ended_by(Timestamp) const override;
    std::optional<Snapshot> newest_base(LogPlace) const override;
    std::optional<Snapshot> oldest_base(LogPlace) const override;
    std::vector<Incarnation> incarnations() const override;
    std::vector<Run> runs(std::uint32_t incarnation) const override {
        return all_.runs(incarnation);
    }
    std::optional<Segment> segment_ending_after(LogPlace place) const override {
        return all_.segment_ending_after(place);
    }
    std::optional<Segment> segment_ending_at(LogPlace place) const override {
        return all_.segment_ending_at(place);
    }
    std::optional<Segment> segment_later_than(std::uint32_t incarnation,
                                              Timestamp time) const override {
        return all_.segment_later_than(incarnation, time);
    }
    std::optional<Span> span_behind(LogPlace place) const override {
        return all_.span_behind(place);
    }
    Points points(const Segment& segment) const override { return all_.points(segment); }

  private:
    std::uint32_t first_place_from(std::uint32_t incarnation) const;
    std::optional<Snapshot> counted(std::optional<Snapshot>) const;

    const Records& all_;
    std::vector<Incarnation> incarnations_;
    std::uint32_t first_ = 0, end_ = 0;
};

}  // namespace yore::timeline
