// SPDX-License-Identifier: Apache-2.0
#include "catalog/job_records.h"

#include "catalog/key_bytes.h"
#include "catalog/record_bytes.h"
#include "format/catalog_generated.h"

namespace yore::catalog {
namespace {

namespace fb = format::catalog;
constexpr std::byte job_letter{'j'};
constexpr char job_identifier[] = "YCJ1";
constexpr char schedule_identifier[] = "YCP1";
constexpr char state_identifier[] = "YCQ1";
constexpr std::size_t word_bytes_max = 1000;  // names, crontab lines, zones

std::optional<Timestamp> optional_time(std::int64_t stored) {
    return stored == 0 ? std::nullopt : std::optional(Timestamp{stored});
}
std::int64_t stored_time(const std::optional<Timestamp>& time) {
    return time.value_or(Timestamp{}).ns;
}

Error unknown(std::string_view record, std::string_view what, unsigned value) {
    return Error(Errc::unsupported, fmt::format("{}: {} {} is unknown", record, what, value),
                 {"it was made by a newer version"});
}

std::optional<Duration> optional_span(std::int64_t stored, std::string_view record) {
    if (stored < 0) throw damaged(record, "a span is negative");
    return stored == 0 ? std::nullopt : std::optional(Duration{stored});
}
std::int64_t stored_span(const std::optional<Duration>& span) {
    return span.value_or(Duration{}).ns;
}

std::string text_within(const flatbuffers::String* text, std::size_t bytes_max,
                        std::string_view record) {
    if (text == nullptr) return {};
    if (text->size() > bytes_max) throw damaged(record, "a text is too long");
    return text->str();
}

bool is_known(JobState state) {
    switch (state) {
        case JobState::running:
        case JobState::paused:
        case JobState::done:
        case JobState::failed:
        case JobState::cancelled:
        case JobState::interrupted:
            return true;
    }
    return false;
}

bool is_known(ScheduledTask task) {
    switch (task) {
        case ScheduledTask::snapshot:
        case ScheduledTask::prune:
        case ScheduledTask::verify:
        case ScheduledTask::collect:
        case ScheduledTask::check:
        case ScheduledTask::roll_forward:
            return true;
    }
    return false;
}

bool is_known(OnPreviousRunning policy) {
    return policy == OnPreviousRunning::wait || policy == OnPreviousRunning::skip;
}

bool is_known(OnFailure policy) {
    return policy == OnFailure::retry || policy == OnFailure::reschedule ||
           policy == OnFailure::pause;
}

/// Level 1 is what there was before there were levels: it takes no place.
std::uint8_t stored_level(const VerifySpec& verify) {
    return verify.level == 1 ? 0 : verify.level;
}
std::uint8_t known_level(std::uint8_t stored, std::string_view record) {
    if (stored == 0) return 1;
    if (stored != 2 && stored != 3) throw unknown(record, "level", stored);
    return stored;
}

/// Throws when it is not one that this version knows.
template <typename Enum>
Enum known(std::uint8_t stored, std::string_view record, std::string_view what) {
    if (!is_known(Enum{stored})) throw unknown(record, what, stored);
    return Enum{stored};
}

}  // namespace

Bytes jobs_prefix() {
    return {job_letter};
}

Bytes job_key(std::uint64_t number) {
    Bytes key = jobs_prefix();
    put(key, number);
    return key;
}

std::uint64_t parse_job_key(ByteView key) {
    const std::uint64_t number = open_key(key, job_letter, 1 + 8).take(8);
    if (number == 0) throw out_of_range(key);
    return number;
}

Bytes schedules_prefix(ScheduleFamily family) {
    return {static_cast<std::byte>(family)};
}

Bytes schedule_key(ScheduleFamily family, const ScheduleKey& schedule) {
    Bytes key = schedules_prefix(family);
    put(key, schedule.source);
    put(key, static_cast<std::uint8_t>(schedule.task));
    return key;
}

ScheduleKey parse_schedule_key(ScheduleFamily family, ByteView key) {
    KeyReader reader = open_key(key, static_cast<std::byte>(family), 1 + 4 + 1);
    ScheduleKey schedule;
    schedule.source = reader.take32();
    schedule.task = known<ScheduledTask>(static_cast<std::uint8_t>(reader.take(1)),
                                         "record of a schedule", "task");
    return schedule;
}

Bytes encode(const Job& job) {
    flatbuffers::FlatBufferBuilder builder;
    const auto command = builder.CreateString(job.command);
    const auto source = builder.CreateString(job.source);
    flatbuffers::Offset<flatbuffers::String> progress, answer;
    if (!job.progress.empty()) progress = builder.CreateString(job.progress);
    if (!job.answer.empty()) answer = builder.CreateString(job.answer);
    return finish(
        builder,
        fb::CreateJob(builder, command, source, static_cast<std::uint8_t>(job.state),
                      job.started.ns, stored_time(job.ended), job.scheduled, progress, answer),
        job_identifier);
}

Job decode_job(std::uint64_t number, ByteView bytes) {
    const std::string record = fmt::format("record of job {}", number);
    const Verified<fb::Job> stored(bytes, job_identifier, record);
    Job job;
    job.number = number;
    job.command = text_within(stored->command(), word_bytes_max, record);
    job.source = text_within(stored->source(), word_bytes_max, record);
    job.state = known<JobState>(stored->state(), record, "state");
    job.started = {stored->started()};
    job.ended = optional_time(stored->ended());
    job.scheduled = stored->scheduled();
    job.progress = text_within(stored->progress(), job_text_bytes_max, record);
    job.answer = text_within(stored->answer(), job_text_bytes_max, record);
    return job;
}

Bytes encode(const ScheduleSpec& spec) {
    flatbuffers::FlatBufferBuilder builder;
    const auto cron = builder.CreateString(spec.cron);
    const auto zone = builder.CreateString(spec.zone);
    return finish(
        builder,
        fb::CreateSchedule(builder, cron, zone, static_cast<std::uint8_t>(spec.on_previous_running),
                           static_cast<std::uint8_t>(spec.on_failure), stored_level(spec.verify),
                           stored_span(spec.verify.max_time), stored_span(spec.verify.older_than),
                           spec.verify.random, spec.verify.compare, spec.log_bytes),
        schedule_identifier);
}

ScheduleSpec decode_schedule(ScheduledTask task, ByteView bytes) {
    constexpr std::string_view record = "record of a schedule";
    const Verified<fb::Schedule> stored(bytes, schedule_identifier, record);
    ScheduleSpec spec;
    spec.task = task;
    spec.cron = text_within(stored->cron(), word_bytes_max, record);
    spec.zone = text_within(stored->zone(), word_bytes_max, record);
    spec.on_previous_running =
        known<OnPreviousRunning>(stored->on_previous_running(), record, "on_previous_running");
    spec.on_failure = known<OnFailure>(stored->on_failure(), record, "on_failure");
    spec.verify.level = known_level(stored->verify_level(), record);
    spec.verify.max_time = optional_span(stored->verify_max_time(), record);
    spec.verify.older_than = optional_span(stored->verify_older_than(), record);
    spec.verify.random = stored->verify_random();
    spec.verify.compare = stored->verify_compare();
    spec.log_bytes = stored->log_bytes();
    return spec;
}

Bytes encode(const ScheduleState& state) {
    flatbuffers::FlatBufferBuilder builder;
    return finish(
        builder,
        fb::CreateScheduleState(builder, state.handled.ns, state.paused, state.failures,
                                stored_time(state.retry_at), state.running,
                                stored_time(state.last_started), stored_time(state.last_success)),
        state_identifier);
}

ScheduleState decode_schedule_state(ByteView bytes) {
    const Verified<fb::ScheduleState> stored(bytes, state_identifier, "state of a schedule");
    ScheduleState state;
    state.handled = {stored->handled()};
    state.paused = stored->paused();
    state.failures = stored->failures();
    state.retry_at = optional_time(stored->retry_at());
    state.running = stored->running();
    state.last_started = optional_time(stored->last_started());
    state.last_success = optional_time(stored->last_success());
    return state;
}

}  // namespace yore::catalog
