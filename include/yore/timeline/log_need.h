// SPDX-License-Identifier: Apache-2.0
/// Which part of a source's log is needed, so that the rest can be pruned: pure functions of
/// records and a policy.
#pragma once

#include <yore/timeline/records.h>
#include <yore/timeline/retention.h>

#include <optional>

namespace yore::timeline {

/// Since when moments are kept: as far back as the window, without one as the oldest snapshot that
/// stays, and as the holds say. Without a policy, or when nothing bounds it: nullopt, all are.
std::optional<Timestamp> moments_kept_since(const History&, const Judgement&,
                                            const RetentionPolicy&, const Holds&, Timestamp now);

/// What the moments from `since` on need of a log. The last segment is always among it: who feeds
/// the log goes on from there.
struct LogNeed {
    LogPlace from;  ///< the first segment that is needed begins here
    Timestamp since;
    /// Whether the segment is, or may be, needed.
    bool covers(const Segment&) const;
};
/// There is no log, or all of it is needed: nullopt.
std::optional<LogNeed> log_needed_since(const Records&, Timestamp since, Timestamp now);

}  // namespace yore::timeline
