// SPDX-License-Identifier: Apache-2.0
#include "catalog/job_records.h"
#include "catalog/keys.h"
#include "golden_files.h"
#include "memory_store.h"

using namespace yore;
using namespace yore::catalog;
using namespace yore::test;

namespace {

Job example_job() {
    return {.number = 12,
            .command = "snapshot",
            .source = "home",
            .state = JobState::failed,
            .started = {1'795'226'400'000'000'001},
            .ended = Timestamp{1'795'226'461'000'000'000},
            .scheduled = true,
            .progress = R"({"files":1})",
            .answer = R"({"error":{"code":"io"}})"};
}
ScheduleSpec example_schedule() {
    return {.cron = "30 2 * * *",
            .zone = "Europe/Berlin",
            .on_previous_running = OnPreviousRunning::wait,
            .on_failure = OnFailure::pause};
}
ScheduleState example_state() {
    return {.handled = {1'795'226'400'000'000'000},
            .paused = true,
            .failures = 2,
            .retry_at = Timestamp{1'795'226'520'000'000'000},
            .running = true,
            .last_started = Timestamp{1'795'226'400'000'000'001},
            .last_success = Timestamp{1'795'140'000'000'000'000}};
}
ScheduleSpec example_verify() {
    return {.task = ScheduledTask::verify,
            .cron = "@daily",
            .verify = {.level = 2, .max_time = seconds(1800), .older_than = seconds(30 * 86'400)}};
}
ScheduleSpec example_random_verify() {
    return {
        .task = ScheduledTask::verify, .cron = "@weekly", .verify = {.level = 3, .random = true}};
}
ScheduleSpec example_comparison() {
    return {
        .task = ScheduledTask::verify, .cron = "@weekly", .verify = {.level = 3, .compare = true}};
}
ScheduleSpec example_roll_forward() {
    return {.task = ScheduledTask::roll_forward, .log_bytes = 17'179'869'184};
}
constexpr ScheduleKey example_key{7, ScheduledTask::prune};

template <typename Decode>
Errc refusal(const Decode& decode) {
    return code_thrown_by(decode).value();
}

}  // namespace

TEST_CASE("records of jobs and schedules have the bytes of the golden files") {
    CHECK(to_hex(job_key(12)) == golden("job-key-1.hex"));
    CHECK(to_hex(encode(example_job())) == golden("job-1.hex"));
    CHECK(to_hex(schedule_key(ScheduleFamily::spec, example_key)) == golden("schedule-key-1.hex"));
    CHECK(to_hex(encode(example_schedule())) == golden("schedule-1.hex"));
    CHECK(to_hex(encode(example_verify())) == golden("schedule-2.hex"));
    CHECK(to_hex(encode(example_random_verify())) == golden("schedule-3.hex"));
    CHECK(to_hex(encode(example_roll_forward())) == golden("schedule-4.hex"));
    CHECK(to_hex(encode(example_comparison())) == golden("schedule-5.hex"));
    CHECK(to_hex(encode(example_state())) == golden("schedule-state-1.hex"));
}

TEST_CASE("golden records of jobs and schedules are read") {
    CHECK(parse_job_key(from_hex(golden("job-key-1.hex"))) == 12);
    CHECK(decode_job(12, from_hex(golden("job-1.hex"))) == example_job());
    CHECK(parse_schedule_key(ScheduleFamily::spec, from_hex(golden("schedule-key-1.hex"))) ==
          example_key);
    CHECK(decode_schedule(ScheduledTask::snapshot, from_hex(golden("schedule-1.hex"))) ==
          example_schedule());
    CHECK(decode_schedule(ScheduledTask::verify, from_hex(golden("schedule-3.hex"))) ==
          example_random_verify());
    CHECK(decode_schedule(ScheduledTask::verify, from_hex(golden("schedule-2.hex"))) ==
          example_verify());
    CHECK(decode_schedule(ScheduledTask::roll_forward, from_hex(golden("schedule-4.hex"))) ==
          example_roll_forward());
    CHECK(decode_schedule(ScheduledTask::verify, from_hex(golden("schedule-5.hex"))) ==
          example_comparison());
    CHECK(decode_schedule_state(from_hex(golden("schedule-state-1.hex"))) == example_state());
}

TEST_CASE("what a job or a schedule has not yet, is not there after reading") {
    const Job begun{.number = 1, .command = "collect", .source = "", .state = {}, .started = {5}};
    Job running = begun;
    running.state = JobState::running;
    CHECK(decode_job(1, encode(running)) == running);
    CHECK(decode_schedule_state(encode(ScheduleState{})) == ScheduleState{});
}

TEST_CASE("damaged records of jobs and schedules are refused, and those of newer versions") {
    survives_damage(encode(example_job()), [](const Bytes& bytes) { decode_job(12, bytes); });
    survives_damage(encode(example_schedule()),
                    [](const Bytes& bytes) { decode_schedule(ScheduledTask::snapshot, bytes); });
    survives_damage(encode(example_verify()),
                    [](const Bytes& bytes) { decode_schedule(ScheduledTask::verify, bytes); });
    survives_damage(encode(example_state()),
                    [](const Bytes& bytes) { decode_schedule_state(bytes); });
    Job job = example_job();
    job.state = JobState{9};
    CHECK(refusal([&] { decode_job(12, encode(job)); }) == Errc::unsupported);
    ScheduleSpec level = example_verify();
    level.verify.level = 7;
    CHECK(refusal([&] { decode_schedule(ScheduledTask::verify, encode(level)); }) ==
          Errc::unsupported);
    job = example_job();
    job.answer.assign(job_text_bytes_max + 1, 'x');
    CHECK(refusal([&] { decode_job(12, encode(job)); }) == Errc::corrupt);
    CHECK(refusal([] { parse_job_key(job_key(0)); }) == Errc::corrupt);
    CHECK(refusal([] { parse_job_key(source_key(1)); }) == Errc::corrupt);
    CHECK(refusal([] {
              parse_schedule_key(ScheduleFamily::spec,
                                 schedule_key(ScheduleFamily::spec, {1, ScheduledTask{9}}));
          }) == Errc::unsupported);
}

TEST_CASE("a damaged record of a job is left out, the others are read") {
    MemoryStore memory;
    store::Store& store = memory.store;
    Job second = example_job();
    second.number = 13;
    const store::RecordChange changes[] = {
        put(example_job()), put(second), {job_key(14), to_bytes(as_bytes("no record"))}};
    store.commit(changes);
    CHECK(load_jobs(store) == std::vector<Job>{example_job(), second});
}

TEST_CASE("schedules and their states are found by source and task") {
    MemoryStore memory;
    store::Store& store = memory.store;
    const ScheduleKey whole{0, ScheduledTask::collect};
    ScheduleSpec prune = example_schedule(), collect = example_schedule();
    prune.task = ScheduledTask::prune;
    collect.task = ScheduledTask::collect;
    const store::RecordChange changes[] = {put(example_key, prune), put(whole, collect),
                                           put(example_key, example_state())};
    store.commit(changes);
    CHECK(load_schedules(store) ==
          std::map<ScheduleKey, ScheduleSpec>{{example_key, prune}, {whole, collect}});
    CHECK(load_schedule_states(store) ==
          std::map<ScheduleKey, ScheduleState>{{example_key, example_state()}});
    const store::RecordChange removals[] = {remove_schedule(example_key),
                                            remove_schedule_state(example_key)};
    store.commit(removals);
    CHECK(load_schedules(store).size() == 1);
    CHECK(load_schedule_states(store).empty());
}
