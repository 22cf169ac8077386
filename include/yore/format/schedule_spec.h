// SPDX-License-Identifier: Apache-2.0
/// What runs by itself, and when: as a user writes it, in a file of settings or in a record.
#pragma once

#include <yore/base/time.h>

#include <cstdint>
#include <optional>
#include <string>

namespace yore {

enum class ScheduledTask : std::uint8_t {
    snapshot = 1,
    prune = 2,
    verify = 3,
    collect = 4,
    check = 5,
    roll_forward = 6
};
/// What becomes of a run that is due while the one before still runs: it begins when that one has
/// ended, or it is left out.
enum class OnPreviousRunning : std::uint8_t { wait = 1, skip = 2 };
/// After a run that failed: again soon (later each time), at the next due time, or not before
/// somebody resumes the schedule.
enum class OnFailure : std::uint8_t { retry = 1, reschedule = 2, pause = 3 };

/// What a verify of the whole repository does (upkeep/verify.h). A time limit or an age asks for
/// level 2, a random moment or a comparison for level 3.
struct VerifySpec {
    std::uint8_t level = 1;
    std::optional<Duration> max_time = {}, older_than = {};  ///< more than 0
    bool random = false;                                     ///< level 3: not the newest moments
    /// Level 3: of clusters, the moment at which the newest backup by a server ended, made of the
    /// base backup before it; both have the same rows.
    bool compare = false;
    bool operator==(const VerifySpec&) const = default;
};

/// There is at most one for each task and source.
struct ScheduleSpec {
    ScheduledTask task = ScheduledTask::snapshot;
    /// Empty for `verify` and `collect`: the whole repository.
    std::string source = {};
    std::string cron = {};     ///< five fields, or `@daily` (timeline/cron.h)
    std::string zone = "UTC";  ///< by whose wall clock, as base/zone.h names it
    OnPreviousRunning on_previous_running = OnPreviousRunning::skip;
    OnFailure on_failure = OnFailure::retry;
    VerifySpec verify = {};  ///< as it is, unless the task is `verify`
    /// Of `roll_forward`: nothing is run before so much log has come behind the newest base backup.
    /// 0: any.
    std::uint64_t log_bytes = 0;
    bool operator==(const ScheduleSpec&) const = default;
};

}  // namespace yore
