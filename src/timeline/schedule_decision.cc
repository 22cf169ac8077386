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
    return due ? std::min(*due, *state.retry_at) : *state.retry_at;
}

Decision decide(const Schedule& schedule, const ScheduleState& state, Timestamp now) {
    if (state.paused) return {};
    const auto due = next_due(schedule, state);
    if (!due || *due > now) return {Decision::What::wait, due};
    if (!state.running) return {Decision::What::run};
    if (schedule.spec().on_previous_running == OnPreviousRunning::skip)
        return {Decision::What::leave_out};
    return {};  // its end is the next change
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
