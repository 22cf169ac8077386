// SPDX-License-Identifier: Apache-2.0
/// Which segments of a source's log go, and their going.
#pragma once

#include <yore/timeline/log_need.h>

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "command/retention.h"

namespace yore::command {

struct LogPruning {
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;  ///< plain
    /// With a window, and a log: since when the log is whole.
    std::optional<Timestamp> every_moment_since;
};
enum class PruneMode { dry_run, apply };

/// By what is judged of the snapshots. Beside one who follows; removes some segments a commit, so
/// that he waits for none of it long, and may be stopped between. Stopped: Errc::cancelled.
LogPruning prune_log(Context&, const Judged&, const RetentionPolicy&, PruneMode,
                     const std::stop_token&);

}  // namespace yore::command
