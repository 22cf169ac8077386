// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/schedule_decision.h>

#include <algorithm>

namespace yore::timeline {
namespace {

constexpr std::int64_t minute_s = 60;
const Duration clock_step = seconds(minute_s);
constexpr std::uint32_t doublings_max = 6;  // 64 minutes, cut to an hour

}  // namespace

Duration retry_delay(std::uint32_t failures) {
    const std::uint32_t doublings = std::min(failures == 0 ? 0 : failures - 1, doublings_max);
    return seconds(std::min(minute_s << doublings, 60 * minute_s));
}

std::optional<Timestamp> next_due(const Schedule& schedule, const ScheduleState& state) {
    const auto due = schedule.next_after(state.handled);
    if (!state.retry_at) return due;
    // Its line says when to look, which may be each minute: no time to try again.
    if (schedule.spec().task == ScheduledTask::roll_forward) return state.retry_at;
    return due ? std::min(*due, *state.retry_at) : *state.retry_at;
}

Decision decide(const Schedule& schedule, const ScheduleState& state, Timestamp now) {
    if (state.paused) return {};
    const auto due = next_due(schedule, state);
    if (!due || *due > now) return {Decision::What::wait, due};
    if (!state.running) return {Decision::What::run};
    if (schedule.spec().task == ScheduledTask::roll_forward) return {};  // due is the log, not this
    if (schedule.spec().on_previous_running == OnPreviousRunning::skip)
        return {Decision::What::leave_out};
    return {};  // its end is the next change
}

std::uint64_t log_behind_base(const Plan& plan) {
    const auto* base = std::get_if<Snapshot>(&plan.base);
    if (base == nullptr || !base->log) return 0;
    std::uint64_t bytes = 0;
    for (const LogRange& range : plan.replay) {
        const LogPosition begin = std::max(range.begin, base->log->consistent);
        if (range.end > begin) bytes += range.end.value - begin.value;
    }
    return bytes;
}

bool is_worth_running(const ScheduleSpec& spec, const LogBehind& log) {
    if (spec.task != ScheduledTask::roll_forward) return true;
    return !log.backup_runs && log.bytes >= std::max<std::uint64_t>(spec.log_bytes, 1);
}

ScheduleState after_start(ScheduleState state, Timestamp now) {
    state.handled = now;
    state.retry_at.reset();
    state.running = true;
    state.last_started = now;
    return state;
}

ScheduleState after_leaving_out(ScheduleState state, Timestamp now) {
    state.handled = now;
    state.retry_at.reset();
    return state;
}

ScheduleState after_end(const Schedule& schedule, ScheduleState state, RunOutcome outcome,
                        Timestamp now) {
    state.running = false;
    switch (outcome) {
        case RunOutcome::success:
            state.failures = 0;
            state.last_success = now;
            break;
        case RunOutcome::failure:
            ++state.failures;
            if (schedule.spec().on_failure == OnFailure::retry)
                state.retry_at = now + retry_delay(state.failures);
            if (schedule.spec().on_failure == OnFailure::pause) state.paused = true;
            break;
        case RunOutcome::cancelled:
            break;
    }
    return state;
}

ScheduleState after_restart(const Schedule& schedule, ScheduleState state, Timestamp now) {
    if (state.running && schedule.spec().on_failure == OnFailure::retry) state.retry_at = now;
    state.running = false;
    return state;
}

ScheduleState after_resume(ScheduleState state, Timestamp now) {
    state.paused = false;
    state.handled = now;
    state.failures = 0;
    state.retry_at.reset();
    return state;
}

ScheduleState after_clock_step(ScheduleState state, Timestamp now) {
    if (state.handled > now + clock_step) state.handled = now;
    const Timestamp retry_at_most = now + retry_delay(state.failures) + clock_step;
    if (state.retry_at && *state.retry_at > retry_at_most) state.retry_at = now;
    return state;
}

}  // namespace yore::timeline
