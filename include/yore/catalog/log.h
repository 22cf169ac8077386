// SPDX-License-Identifier: Apache-2.0
/// The records of logs: their incarnations, stored segments, and what is not known of them.
///
/// Keys sort by source, incarnation and position; a second key for each segment sorts by time.
/// Every lookup reads a few records, however many segments there are.
#pragma once

#include <yore/base/time.h>
#include <yore/catalog/log_demand.h>
#include <yore/format/ids.h>
#include <yore/format/log_position.h>
#include <yore/store/store.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace yore::catalog {

/// One line of a source's log, along which positions only grow: a directory's journal, a
/// PostgreSQL timeline, a series of binlogs.
struct LogIncarnation {
    std::uint32_t source = 0;
    std::uint32_t number = 0;  ///< from 1; the newest has the greatest (view/cluster_log.h)
    std::string name;          ///< as in `log/<name>/`: 1 to 100 of [A-Za-z0-9._-]; unique
    std::string origin;        ///< system identifier, server uuid, file system
    Timestamp started;
    struct Fork {
        std::uint32_t parent = 0;  ///< a lower number
        LogPosition at;            ///< what the parent holds before it is this one's past too
        bool operator==(const Fork&) const = default;
    };
    std::optional<Fork> fork;
    bool operator==(const LogIncarnation&) const = default;
};

/// A run of a segment's bytes. As tree::Extent, but never a hole.
struct SegmentExtent {
    std::uint64_t length = 0;
    ChunkId chunk;
    std::uint32_t offset = 0;  ///< of the run in the chunk's plain bytes
    bool operator==(const SegmentExtent&) const = default;
};

/// The state of a directory after a segment.
struct TreeAfter {
    NodeId root;  ///< as Snapshot::root
    std::uint64_t bytes = 0, files = 0, directories = 0, others = 0;
    bool operator==(const TreeAfter&) const = default;
};

/// A closed piece of the log. Segments of an incarnation never overlap; one whose `begin` is its
/// predecessor's `end` follows on it without a gap.
struct LogSegment {
    std::uint32_t source = 0;
    std::uint32_t incarnation = 0;
    std::uint64_t sequence = 0;  ///< its feeder's own number of it
    std::string name;            ///< its native file name, or the journal's; 1 to 255 bytes
    LogPosition begin, end;      ///< half-open; at least one position
    /// What is known: everything up to `last_time`, by the log's clock; with points, at least
    /// the time of the last one.
    Timestamp first_time, last_time;
    std::uint64_t bytes = 0;             ///< plain
    std::vector<SegmentExtent> extents;  ///< when `list` is absent; their lengths sum to `bytes`
    std::optional<NodeId> list;          ///< as tree::Content::list
    std::optional<NodeId> points;        ///< node of format::RestorePoints; none: has no point
    std::uint32_t point_count = 0;
    Timestamp newest_point;               ///< greatest time of its points
    std::optional<TreeAfter> tree_after;  ///< directories
    /// Directories: a node with the entries of its records, see format/journal.h. None put one:
    /// none.
    std::optional<NodeId> entries;
    std::vector<LogDemand> demands;  ///< in the order of the log
    bool operator==(const LogSegment&) const = default;
};

/// Something that is not known of a log. Spans of an incarnation do not overlap.
struct LogSpan {
    enum class Kind : std::uint8_t {
        lost = 1,      ///< no moment in it exists
        uncertain = 2  ///< its moments exist, and say that they may be wrong
    };
    std::uint32_t source = 0;
    std::uint32_t incarnation = 0;
    LogPosition after;             ///< the state was known right up to and with this one
    LogPosition until;             ///< from this one on it is right again; greater than `after`
    Timestamp from_time, to_time;  ///< known right up to `from_time`, again from `to_time` on
    Kind kind = Kind::lost;
    std::string reason;  ///< `the event queue overflowed`
    bool operator==(const LogSpan&) const = default;
};

/// A stretch of log without a gap: from the begin of its first segment to the end of its last.
struct LogRun {
    LogPosition begin, end;
    bool operator==(const LogRun&) const = default;
};

/// Any thread. Changes are computed from what is stored: who commits them holds
/// Catalog::change_logs from before they are computed.
class Logs {
  public:
    explicit Logs(const store::Store& store) : store_(store) {}

    std::vector<LogIncarnation> incarnations(std::uint32_t source) const;  ///< by number
    /// By position. As many as there are gaps, and one.
    std::vector<LogRun> runs(std::uint32_t source, std::uint32_t incarnation) const;

    /// The first segment that ends behind the position: holds it, or is the next one.
    std::optional<LogSegment> segment_ending_after(std::uint32_t source, std::uint32_t incarnation,
                                                   LogPosition) const;
    /// The one that ends just there.
    std::optional<LogSegment> segment_ending_at(std::uint32_t source, std::uint32_t incarnation,
                                                LogPosition) const;
    /// The first segment, in log order, with a restore point later than this.
    std::optional<LogSegment> segment_later_than(std::uint32_t source, std::uint32_t incarnation,
                                                 Timestamp) const;
    /// Those that end behind `after`, in log order; `visit` returns false to stop.
    void scan_segments(std::uint32_t source, std::uint32_t incarnation, LogPosition after,
                       const std::function<bool(const LogSegment&)>& visit) const;
    /// Those whose `until` is behind `after`, in log order.
    void scan_spans(std::uint32_t source, std::uint32_t incarnation, LogPosition after,
                    const std::function<bool(const LogSpan&)>& visit) const;

    /// The changes that make a segment exist, for the commit that also names its packs. One that
    /// lies within a stored one: none. One that covers stored ones (a whole segment after its
    /// `.partial`) takes their place. Overlaps otherwise, or is out of its limits: Errc::invalid.
    std::vector<store::RecordChange> add(const LogSegment&) const;
    /// Segments of one incarnation that are stored; what is not: no change.
    std::vector<store::RecordChange> remove(std::span<const LogSegment>) const;
    /// Overlaps a stored one: Errc::invalid.
    std::vector<store::RecordChange> add(const LogSpan&) const;
    static store::RecordChange remove(const LogSpan&);
    static store::RecordChange put(const LogIncarnation&);
    static store::RecordChange remove(const LogIncarnation&);

  private:
    const store::Store& store_;
};

}  // namespace yore::catalog
