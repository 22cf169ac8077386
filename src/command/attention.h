// SPDX-License-Identifier: Apache-2.0
/// What of a repository somebody should look at: a pure function of facts.
///
/// The same decisions as the alerts of tools/monitoring/yore.rules.yml, by the same bounds, as far
/// as one look can make them; a test holds both together.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "command/metric_facts.h"

namespace yore::command {

/// The bounds, which are those of daily backups.
struct AttentionBounds {
    static constexpr std::int64_t stored_hours_max = 36, proven_days_max = 35,
                                  verified_days_max = 35, reread_days_max = 100,
                                  free_bytes_min = 2'000'000'000, lag_seconds_max = 60,
                                  start_minutes_max = 15, pause_days_max = 1, stop_days_max = 7;
};

enum class Urgency : std::uint8_t { critical, warning, info };
std::string_view name_of(Urgency);

struct Attention {
    std::string_view alert;  ///< its name in the rules
    Urgency urgency = Urgency::warning;
    std::string source;  ///< empty: the repository
    std::string text;    ///< a sentence that names what it is about
    std::string hint;
};
/// The most urgent first.
std::vector<Attention> attention(const MetricFacts&);

/// Alerts of the rules that `attention` decides, too. Others ask how something changes with time.
inline constexpr std::array<std::string_view, 17> decided_alerts{
    "YoreBackupTooOld",   "YoreNothingStored", "YoreJobFailed",        "YoreDamage",
    "YoreProofFailed",    "YoreProofNotTried", "YoreNotProven",        "YoreNotVerified",
    "YoreNotReread",      "YoreReadOnly",      "YoreDiskFills",        "YoreNotFollowing",
    "YoreLogPaused",      "YoreLogBehind",     "YoreSourceUnreadable", "YoreFollowStopped",
    "YoreSnapshotPartial"};

}  // namespace yore::command
