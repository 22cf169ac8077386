// SPDX-License-Identifier: Apache-2.0
/// The recovery windows of a source: which spans of time can be restored, and why no more.
#pragma once

#include <yore/timeline/records.h>

#include <optional>
#include <string>
#include <vector>

namespace yore::timeline {

struct Bound {
    Timestamp time;
    std::optional<LogPlace> place;
    std::string reason;  ///< `first base`, `a gap follows, from … to …: …`
};

struct Window {
    /// In a log: every restore point from the first to the last. Else: snapshots, of which each
    /// stands until the next.
    std::optional<std::uint32_t> incarnation;
    Bound first, last;
    Timestamp known_until;        ///< at or behind `last`: nothing happened between
    std::vector<Span> uncertain;  ///< moments in it that may be wrong
};

/// By system, incarnation and position; those without a log by time. Reads a few records for each
/// gap.
std::vector<Window> windows(const Records&);

}  // namespace yore::timeline
