// SPDX-License-Identifier: Apache-2.0
/// What a schedule does at an instant: pure functions of it, of how far it has come, and of the
/// time.
///
/// What was due while nobody looked (a machine that was off, a schedule that ran too long) is run
/// once, however often it was due.
#pragma once

#include <yore/base/time.h>
#include <yore/format/schedule_state.h>
#include <yore/timeline/plan.h>
#include <yore/timeline/schedule.h>

#include <cstdint>
#include <optional>

namespace yore::timeline {

struct Decision {
    enum class What {
        wait,       ///< until `look_again`
        run,        ///< now
        leave_out,  ///< it is due, but the run before goes on, and it shall not wait for that
    } what = What::wait;
    /// Absent: not before something changes.
    std::optional<Timestamp> look_again = {};
    bool operator==(const Decision&) const = default;
};
Decision decide(const Schedule&, const ScheduleState&, Timestamp now);
/// When it is due next, paused or not. Never: nullopt.
std::optional<Timestamp> next_due(const Schedule&, const ScheduleState&);

/// What a source has, as a schedule of `roll_forward` sees it.
struct LogBehind {
    std::uint64_t bytes = 0;   ///< of log behind the newest base backup, up to the last commit
    bool backup_runs = false;  ///< of this source
};
/// Of the plan of its latest moment.
std::uint64_t log_behind_base(const Plan&);
/// Whether there is something to do for a schedule that is due.
bool is_worth_running(const ScheduleSpec&, const LogBehind&);

enum class RunOutcome { success, failure, cancelled };
ScheduleState after_start(ScheduleState, Timestamp now);
ScheduleState after_leaving_out(ScheduleState, Timestamp now);
ScheduleState after_end(const Schedule&, ScheduleState, RunOutcome, Timestamp now);
/// The process that ran it has ended: what was running is run again soon, when that is how
/// failures are met, else at its next time.
ScheduleState after_restart(const Schedule&, ScheduleState, Timestamp now);
/// What was due while it was paused is left out.
ScheduleState after_resume(ScheduleState, Timestamp now);

/// With a clock that was set back by more than a minute, what was done lies ahead: it counts from
/// now on, so that the schedule does not stand still till then.
ScheduleState after_clock_step(ScheduleState, Timestamp now);

/// After so many failures in a row: a minute, two, four … an hour at most.
Duration retry_delay(std::uint32_t failures);

}  // namespace yore::timeline
