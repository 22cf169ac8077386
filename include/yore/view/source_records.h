// SPDX-License-Identifier: Apache-2.0
/// One source's records as planning asks for them.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/catalog/log.h>
#include <yore/store/object_cache.h>
#include <yore/timeline/records.h>

#include <memory>

namespace yore::view {

/// As of the last commit when it was made, for snapshots; the log is read when it is asked for.
/// Any thread. The catalog and the cache outlive it.
class SourceRecords final : public timeline::Records {
  public:
    /// `base`: moments in the log are planned on no other snapshot, whichever were made since.
    SourceRecords(const catalog::Catalog&, const store::ObjectCache&, std::uint32_t source,
                  std::optional<catalog::SnapshotName> base = {});

    std::uint32_t snapshot_count() const override;
    timeline::Snapshot snapshot(std::uint32_t place) const override;
    std::optional<timeline::Snapshot> snapshot_ended_by(Timestamp) const override;
    std::optional<timeline::Snapshot> newest_base(timeline::LogPlace) const override;
    std::optional<timeline::Snapshot> oldest_base(timeline::LogPlace) const override;
    std::vector<timeline::Incarnation> incarnations() const override;
    std::vector<timeline::Run> runs(std::uint32_t incarnation) const override;
    std::optional<timeline::Segment> segment_ending_after(timeline::LogPlace) const override;
    std::optional<timeline::Segment> segment_ending_at(timeline::LogPlace) const override;
    std::optional<timeline::Segment> segment_later_than(std::uint32_t incarnation,
                                                        Timestamp) const override;
    std::optional<timeline::Span> span_behind(timeline::LogPlace) const override;
    timeline::Points points(const timeline::Segment&) const override;

    catalog::SnapshotName name_of(const timeline::Snapshot&) const;
    std::optional<std::uint32_t> place_of(catalog::SnapshotName) const;
    /// Reads its record; it is gone: Errc::not_found.
    NodeId root_of(const timeline::Snapshot&) const;
    /// Of a base backup that was rolled forward from another one; else, or when it is gone:
    /// nullopt. Reads its record.
    std::optional<catalog::SnapshotName> rolled_from(const timeline::Snapshot&) const;
    const catalog::Logs& logs() const { return logs_; }
    std::uint32_t source() const { return source_; }
    /// Its snapshots are base backups: states by themselves, with the log that makes them so.
    bool is_cluster() const;

  private:
    const catalog::Catalog& catalog_;
    const store::ObjectCache& cache_;
    catalog::Logs logs_;
    std::uint32_t source_;
    std::optional<catalog::SnapshotName> base_;
    std::shared_ptr<const catalog::SnapshotLine> line_;
};

/// A stored segment as planning sees it.
timeline::Segment planned(const catalog::LogSegment&);

}  // namespace yore::view
