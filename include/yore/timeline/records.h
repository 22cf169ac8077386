// SPDX-License-Identifier: Apache-2.0
/// What planning asks of one source's records. Each answer takes O(log n) at most.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/format/ids.h>
#include <yore/format/log_position.h>
#include <yore/format/restore_points.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace yore::timeline {

/// A position in one incarnation of the source's log.
struct LogPlace {
    std::uint32_t incarnation = 0;
    LogPosition position;
    auto operator<=>(const LogPlace&) const = default;
};

struct Incarnation {
    std::uint32_t number = 0;
    std::string name;
    std::optional<LogPlace> fork;  ///< it goes on from there: the parent's log before it is its own
    /// Those of another system share no log with it: nothing of the one leads into the other. The
    /// greater is the newer, and has the greater numbers.
    std::uint32_t system = 1;
};

/// Half-open, as all ranges of positions here.
struct Run {
    LogPosition begin, end;
};

struct Segment {
    std::uint32_t incarnation = 0;
    std::string name;
    LogPosition begin, end;
    Timestamp last_time;                ///< the log is known up to it
    std::optional<NodeId> points = {};  ///< its list of restore points; none: it has none
    std::optional<NodeId> tree = {};    ///< the state after it, where that is stored
};

/// The restore points of a segment, and what keeps their bytes.
struct Points {
    std::shared_ptr<const Buffer> node;
    format::RestorePoints list;
};

/// What is not known of a log: between `after` and `until`, at both of which it is known again.
struct Span {
    LogPosition after, until;
    Timestamp from_time, to_time;
    bool is_lost = true;  ///< else uncertain
    std::string reason;
};

struct Snapshot {
    std::uint32_t place = 0;  ///< among the source's snapshots, in the order of their names
    Timestamp ended;
    struct Log {
        std::uint32_t incarnation = 0;
        LogPosition start;       ///< the log is needed from here on
        LogPosition consistent;  ///< with the log from `start` up to here it is a state
    };
    std::optional<Log> log;
};

class Records {
  public:
    virtual ~Records() = default;

    // Snapshots, in the order of their names.
    virtual std::uint32_t snapshot_count() const = 0;
    virtual Snapshot snapshot(std::uint32_t place) const = 0;
    /// The last one before the first that ended later.
    virtual std::optional<Snapshot> snapshot_ended_by(Timestamp) const = 0;
    /// Of those taken beside this log: the one with the greatest `consistent` up to the position;
    /// of equals the one that ended first.
    virtual std::optional<Snapshot> newest_base(LogPlace at_or_before) const = 0;
    /// The one with the least `consistent` from the position on.
    virtual std::optional<Snapshot> oldest_base(LogPlace at_or_behind) const = 0;

    // The log (see catalog::Logs).
    virtual std::vector<Incarnation> incarnations() const = 0;           ///< by number
    virtual std::vector<Run> runs(std::uint32_t incarnation) const = 0;  ///< by position
    virtual std::optional<Segment> segment_ending_after(LogPlace) const = 0;
    virtual std::optional<Segment> segment_ending_at(LogPlace) const = 0;
    virtual std::optional<Segment> segment_later_than(std::uint32_t incarnation,
                                                      Timestamp) const = 0;
    /// The first whose `until` is behind the position.
    virtual std::optional<Span> span_behind(LogPlace) const = 0;
    /// Of a segment that has some.
    virtual Points points(const Segment&) const = 0;
};

}  // namespace yore::timeline
