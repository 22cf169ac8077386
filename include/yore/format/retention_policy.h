// SPDX-License-Identifier: Apache-2.0
/// What should be kept of a source. Rules add up: what one of them keeps, stays.
#pragma once

#include <yore/base/time.h>

#include <cstdint>

namespace yore {

/// A rule of 0 is not there. No rule at all keeps everything.
struct RetentionPolicy {
    std::uint32_t last = 0;  ///< the last N snapshots
    /// The last snapshot of each of the last N hours (days …) that have one, by UTC; weeks begin on
    /// Monday.
    std::uint32_t hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0;
    Duration within = {};  ///< all that are not older than this
    Duration window = {};  ///< every moment that is not longer ago than this stays restorable

    bool empty() const { return *this == RetentionPolicy{}; }
    bool operator==(const RetentionPolicy&) const = default;
};

}  // namespace yore
