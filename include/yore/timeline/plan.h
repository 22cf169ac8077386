// SPDX-License-Identifier: Apache-2.0
/// What a moment of a source needs: pure, from its records.
///
/// Log order rules, not clocks: a time means the state after the last restore point before the
/// first one that is later than it. Where there is no log, snapshots are the restore points, and
/// each stands until the next. Of several systems, each newer one begins with its first snapshot:
/// a time from then on is its own, also where it has a gap, and one before it an older one's.
#pragma once

#include <yore/timeline/records.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace yore::timeline {

struct Latest {};
struct Earliest {};
/// Without an incarnation: the newest, or where its log goes back to, its ancestors; of the newest
/// system.
struct AtPosition {
    std::optional<std::uint32_t> incarnation;
    LogPosition position;
};
using Moment = std::variant<Timestamp, Latest, Earliest, AtPosition>;

/// A piece of log to apply: the records at `begin` and behind it, none at `end`.
struct LogRange {
    std::uint32_t incarnation = 0;
    LogPosition begin, end;
    auto operator<=>(const LogRange&) const = default;
};

struct Plan {
    /// What is opened: a snapshot, or the tree that is stored after a segment.
    std::variant<Snapshot, Segment> base;
    std::vector<LogRange> replay;        ///< oldest first; none: the base is the state
    Timestamp time;                      ///< of the restore point that the moment resolved to
    std::optional<LogPlace> place;       ///< of it, when it has one in a log
    std::optional<std::uint32_t> point;  ///< its number in its segment's list
    std::optional<Span> uncertain;       ///< the state may be wrong, and why
};

/// One moment that exists.
struct Existing {
    Timestamp time;
    std::optional<LogPlace> place;
};
struct NoPlan {
    enum class Why {
        nothing_stored,
        before_first,
        after_last,
        in_gap,
        no_base,  ///< the log is there, but no snapshot to apply it to
        unknown_incarnation
    } why = Why::nothing_stored;
    std::string text;  ///< lower case, with its bounds: `the log has a gap from … to …`
    std::optional<Existing> before, after;  ///< the nearest moments that exist
};

/// `now` bounds what a time can mean. Reads some 20 records.
std::variant<Plan, NoPlan> plan(const Records&, const Moment&, Timestamp now);

}  // namespace yore::timeline
