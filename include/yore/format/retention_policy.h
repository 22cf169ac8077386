// SPDX-License-Identifier: Apache-2.0
/// What should be kept of a source. Rules add up: what one of them keeps, stays.
#pragma once

#include <yore/base/time.h>

#include <array>
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

/// The rules by the words that requests, answers and configurations have for them.
template <typename Value>
struct RetentionRule {
    const char* word;
    Value RetentionPolicy::*value;
};
inline constexpr std::array retention_counts{
    RetentionRule<std::uint32_t>{"keep_last", &RetentionPolicy::last},
    RetentionRule<std::uint32_t>{"keep_hourly", &RetentionPolicy::hourly},
    RetentionRule<std::uint32_t>{"keep_daily", &RetentionPolicy::daily},
    RetentionRule<std::uint32_t>{"keep_weekly", &RetentionPolicy::weekly},
    RetentionRule<std::uint32_t>{"keep_monthly", &RetentionPolicy::monthly},
    RetentionRule<std::uint32_t>{"keep_yearly", &RetentionPolicy::yearly},
};
/// Written as durations, such as `30d`.
inline constexpr std::array retention_spans{
    RetentionRule<Duration>{"keep_within", &RetentionPolicy::within},
    RetentionRule<Duration>{"window", &RetentionPolicy::window},
};

}  // namespace yore
