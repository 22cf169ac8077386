// SPDX-License-Identifier: Apache-2.0
//
// What schedules do, by a clock that the test sets.
#include <yore/timeline/schedule_decision.h>

#include "../support.h"

using namespace yore;
using namespace yore::timeline;
using What = Decision::What;

namespace {

Timestamp at(std::string_view time) {
    return parse_time(fmt::format("2026-11-21T{}Z", time), {}).value();
}

Schedule every_hour(OnPreviousRunning on_previous_running = OnPreviousRunning::skip,
                    OnFailure on_failure = OnFailure::retry) {
    return Schedule({.source = "home",
                     .cron = "0 * * * *",
                     .on_previous_running = on_previous_running,
                     .on_failure = on_failure});
}

ScheduleState since(std::string_view time) {
    return {.handled = at(time)};
}

}  // namespace

TEST_CASE("a schedule waits for its next time, and runs then") {
    const Schedule schedule = every_hour();
    CHECK(decide(schedule, since("10:30"), at("10:40")) == Decision{What::wait, at("11:00")});
    CHECK(decide(schedule, since("10:30"), at("11:00")).what == What::run);
    const auto running = after_start(since("10:30"), at("11:00:01"));
    CHECK(decide(schedule, running, at("11:10")) == Decision{What::wait, at("12:00")});
    const auto ended = after_end(schedule, running, RunOutcome::success, at("11:20"));
    CHECK(ended.last_success == at("11:20"));
    CHECK(decide(schedule, ended, at("11:20")) == Decision{What::wait, at("12:00")});
}

TEST_CASE("only a verify has a level, a time limit and an age, and these go together") {
    const auto refusal = [](ScheduledTask task, const VerifySpec& verify) {
        return test::code_thrown_by(
            [&] { Schedule({.task = task, .cron = "@daily", .verify = verify}); });
    };
    const VerifySpec rolling{.level = 2, .max_time = seconds(1800), .older_than = {}};
    CHECK(refusal(ScheduledTask::verify, rolling) == std::nullopt);
    CHECK(refusal(ScheduledTask::verify, {.level = 2}) == std::nullopt);
    CHECK(refusal(ScheduledTask::collect, rolling) == Errc::invalid);
    CHECK(refusal(ScheduledTask::verify, {.level = 4}) == Errc::invalid);
    CHECK(refusal(ScheduledTask::verify, {.level = 3, .random = true}) == std::nullopt);
    CHECK(refusal(ScheduledTask::verify, {.level = 2, .random = true}) == Errc::invalid);
    CHECK(refusal(ScheduledTask::verify, {.level = 3, .compare = true}) == std::nullopt);
    CHECK(refusal(ScheduledTask::verify, {.level = 1, .compare = true}) == Errc::invalid);
    CHECK(refusal(ScheduledTask::verify, {.level = 3, .random = true, .compare = true}) ==
          Errc::invalid);
    CHECK(refusal(ScheduledTask::verify, {.level = 3, .max_time = seconds(1)}) == Errc::invalid);
    CHECK(refusal(ScheduledTask::verify, {.level = 1, .max_time = seconds(1)}) == Errc::invalid);
    CHECK(refusal(ScheduledTask::verify, {.level = 2, .max_time = Duration{}}) == Errc::invalid);
}

TEST_CASE("only roll-forward has an amount of log, and it has that or times") {
    const auto refusal = [](ScheduledTask task, std::uint64_t log_bytes, const char* cron) {
        return test::code_thrown_by([&] {
            Schedule({.task = task, .source = "db", .cron = cron, .log_bytes = log_bytes});
        });
    };
    CHECK(refusal(ScheduledTask::roll_forward, 1 << 30, "") == std::nullopt);
    CHECK(refusal(ScheduledTask::roll_forward, 1 << 30, "0 2 * * *") == std::nullopt);
    CHECK(refusal(ScheduledTask::roll_forward, 0, "@daily") == std::nullopt);
    CHECK(refusal(ScheduledTask::roll_forward, 0, "") == Errc::invalid);
    CHECK(refusal(ScheduledTask::snapshot, 1 << 30, "@daily") == Errc::invalid);
    CHECK(refusal(ScheduledTask::snapshot, 0, "") == Errc::invalid);
}

TEST_CASE("a roll-forward is worth running once so much log has come, and no backup runs") {
    const ScheduleSpec spec{.task = ScheduledTask::roll_forward, .source = "db", .log_bytes = 1000};
    CHECK_FALSE(is_worth_running(spec, {.bytes = 999}));
    CHECK(is_worth_running(spec, {.bytes = 1000}));
    CHECK_FALSE(is_worth_running(spec, {.bytes = 1000, .backup_runs = true}));
    ScheduleSpec by_time = spec;
    by_time.log_bytes = 0;
    CHECK_FALSE(is_worth_running(by_time, {.bytes = 0}));
    CHECK(is_worth_running(by_time, {.bytes = 1}));
    by_time.task = ScheduledTask::snapshot;
    CHECK(is_worth_running(by_time, {.bytes = 0, .backup_runs = true}));
}

TEST_CASE("the log behind a base backup counts from where the backup is a state, over all forks") {
    const Snapshot base{.place = 0, .ended = {5}, .log = Snapshot::Log{1, {1000}, {1500}}};
    Plan plan{.base = base, .replay = {}, .time = {9}, .place = {}, .point = {}, .uncertain = {}};
    CHECK(log_behind_base(plan) == 0);
    plan.replay = {{1, {1000}, {1600}}};
    CHECK(log_behind_base(plan) == 100);
    plan.replay = {{1, {1000}, {1600}}, {2, {1600}, {2000}}};
    CHECK(log_behind_base(plan) == 500);
    plan.replay = {{1, {1000}, {1400}}, {2, {1400}, {2000}}};
    CHECK(log_behind_base(plan) == 500);
    plan.base = Segment{};
    CHECK(log_behind_base(plan) == 0);
}

TEST_CASE("a roll-forward that failed waits for its next try, however often it is looked for") {
    const Schedule schedule(
        {.task = ScheduledTask::roll_forward, .source = "db", .log_bytes = 1000});
    CHECK(decide(schedule, since("10:30"), at("10:30:30")) == Decision{What::wait, at("10:31")});
    auto state = after_start(since("10:30"), at("10:31"));
    CHECK(decide(schedule, state, at("10:40")) == Decision{});  // a run that goes on is no news
    for (int failures = 0; failures < 3; ++failures)
        state =
            after_end(schedule, after_start(state, at("10:31")), RunOutcome::failure, at("10:32"));
    CHECK(decide(schedule, state, at("10:35")) == Decision{What::wait, at("10:36")});
    CHECK(decide(schedule, state, at("10:36")).what == What::run);
}

TEST_CASE("what was due while nobody looked is run once") {
    const Schedule schedule = every_hour();
    CHECK(decide(schedule, since("02:30"), at("10:40")).what == What::run);
    const auto ended = after_end(schedule, after_start(since("02:30"), at("10:40")),
                                 RunOutcome::success, at("10:41"));
    CHECK(decide(schedule, ended, at("10:42")) == Decision{What::wait, at("11:00")});
}

TEST_CASE("what is due while the run before goes on is left out, or waits for its end") {
    const auto running = after_start(since("10:30"), at("11:00"));
    const Schedule skips = every_hour(OnPreviousRunning::skip);
    CHECK(decide(skips, running, at("12:00")).what == What::leave_out);
    const auto left_out = after_leaving_out(running, at("12:00"));
    CHECK(decide(skips, left_out, at("12:10")) == Decision{What::wait, at("13:00")});

    const Schedule waits = every_hour(OnPreviousRunning::wait);
    CHECK(decide(waits, running, at("13:10")) == Decision{What::wait, std::nullopt});
    const auto ended = after_end(waits, running, RunOutcome::success, at("13:20"));
    CHECK(decide(waits, ended, at("13:20")).what == What::run);
    const auto again = after_start(ended, at("13:20"));
    CHECK(decide(waits, again, at("13:30")) == Decision{What::wait, at("14:00")});
}

TEST_CASE("a failed run is retried later and later, or waits for its time, or pauses all") {
    const Schedule retries = every_hour(OnPreviousRunning::skip, OnFailure::retry);
    auto state = after_end(retries, after_start(since("10:30"), at("11:00")), RunOutcome::failure,
                           at("11:01"));
    CHECK(decide(retries, state, at("11:01")) == Decision{What::wait, at("11:02")});
    CHECK(decide(retries, state, at("11:02")).what == What::run);
    state = after_end(retries, after_start(state, at("11:02")), RunOutcome::failure, at("11:03"));
    CHECK(decide(retries, state, at("11:03")) == Decision{What::wait, at("11:05")});
    CHECK(state.failures == 2);
    state = after_end(retries, after_start(state, at("11:05")), RunOutcome::success, at("11:06"));
    CHECK(state.failures == 0);
    CHECK(decide(retries, state, at("11:06")) == Decision{What::wait, at("12:00")});
    CHECK(retry_delay(6) == seconds(32 * 60));
    CHECK(retry_delay(7) == seconds(60 * 60));
    CHECK(retry_delay(4'000'000'000) == seconds(60 * 60));

    const Schedule reschedules = every_hour(OnPreviousRunning::skip, OnFailure::reschedule);
    state = after_end(reschedules, after_start(since("10:30"), at("11:00")), RunOutcome::failure,
                      at("11:01"));
    CHECK(decide(reschedules, state, at("11:59")) == Decision{What::wait, at("12:00")});

    const Schedule pauses = every_hour(OnPreviousRunning::skip, OnFailure::pause);
    state = after_end(pauses, after_start(since("10:30"), at("11:00")), RunOutcome::failure,
                      at("11:01"));
    CHECK(decide(pauses, state, at("15:00")) == Decision{What::wait, std::nullopt});
    state = after_resume(state, at("15:10"));
    CHECK(decide(pauses, state, at("15:10")) == Decision{What::wait, at("16:00")});
}

TEST_CASE("a run that somebody cancelled is not retried") {
    const Schedule schedule = every_hour();
    const auto state = after_end(schedule, after_start(since("10:30"), at("11:00")),
                                 RunOutcome::cancelled, at("11:01"));
    CHECK(decide(schedule, state, at("11:01")) == Decision{What::wait, at("12:00")});
}

TEST_CASE("a run that a crash ended is run again at the start when failures are retried") {
    const auto running = after_start(since("10:30"), at("11:00"));
    const Schedule retries = every_hour();
    CHECK(decide(retries, after_restart(retries, running, at("11:10")), at("11:10")).what ==
          What::run);
    const Schedule pauses = every_hour(OnPreviousRunning::skip, OnFailure::pause);
    CHECK(decide(pauses, after_restart(pauses, running, at("11:10")), at("11:10")) ==
          Decision{What::wait, at("12:00")});
}

TEST_CASE("a clock that was set back stops neither a schedule nor a retry") {
    const Schedule schedule = every_hour();
    auto state = after_clock_step(since("20:00"), at("10:10"));
    CHECK(decide(schedule, state, at("10:10")) == Decision{What::wait, at("11:00")});
    CHECK(after_clock_step(state, at("11:00")) == state);
    CHECK(decide(schedule, state, at("11:00")).what == What::run);
    state.failures = 1;
    state.retry_at = at("20:01");
    CHECK(decide(schedule, after_clock_step(state, at("10:10")), at("10:10")).what == What::run);
    // A correction of the clock is no reason to run again.
    const auto running = after_start(since("10:30"), at("11:00:00.5"));
    CHECK(after_clock_step(running, at("10:59:59.9")) == running);
}
