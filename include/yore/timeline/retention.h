// SPDX-License-Identifier: Apache-2.0
/// Which backups of a source a policy keeps, and why: a pure function of records, policy and time.
///
/// The order of the records rules, not their clocks: "last" is last in order, and a moment means
/// the last snapshot before the first one that ended later than it.
#pragma once

#include <yore/base/time.h>
#include <yore/format/retention_policy.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace yore::timeline {

struct SnapshotFacts {
    Timestamp ended;
    bool complete = true;  ///< nothing had to be left out
};

/// What is stored of one source. Logs will be further members, judged along.
struct History {
    std::span<const SnapshotFacts> snapshots;  ///< in the order of their names
};

/// Keeps what its moments need: from the snapshot that `from` means to the one that `to` means.
struct HeldSpan {
    std::string name;    ///< for the reason
    Timestamp from, to;  ///< both included; equal for one moment
};
/// Keeps one snapshot.
struct HeldSnapshot {
    std::string name;
    std::size_t place = 0;  ///< in `History::snapshots`
};
/// Those in force; who calls leaves out what has run out.
struct Holds {
    std::vector<HeldSpan> spans;
    std::vector<HeldSnapshot> snapshots;
};

enum class Rule : std::uint8_t {
    no_policy,
    last,
    hourly,
    daily,
    weekly,
    monthly,
    yearly,
    within,
    window,
    newest_good,  ///< the last complete one, or the last of all when none is: policy never takes it
    hold,
};

struct Reason {
    Rule rule = Rule::no_policy;
    std::uint32_t nth = 0, of = 0;  ///< last … yearly: the 2nd of 7, counted from the newest
    std::string hold = {};          ///< its name
    std::string text() const;       ///< `daily 2 of 7`, `hold 3`
};

struct Verdict {
    std::vector<Reason> keep;  ///< empty: it goes
    bool kept() const { return !keep.empty(); }
    std::string text() const;  ///< all reasons, or why none
};

struct Judgement {
    std::vector<Verdict> snapshots;  ///< as `History::snapshots`
    /// With a window: since when every moment is restorable, which may be less far back than asked.
    std::optional<Timestamp> window_from;
};

/// As long before `now`, or the earliest Timestamp.
Timestamp before(Timestamp now, Duration);

Judgement judge(const History&, const RetentionPolicy&, const Holds&, Timestamp now);

}  // namespace yore::timeline
