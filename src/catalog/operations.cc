// SPDX-License-Identifier: Apache-2.0
// Jobs and schedules as they are stored.
#include "catalog/job_records.h"
#include "catalog/readable_records.h"

namespace yore::catalog {
namespace {

template <typename Value, typename Decode>
std::map<ScheduleKey, Value> load_family(const store::Store& store, ScheduleFamily family,
                                         const Decode& decode) {
    std::map<ScheduleKey, Value> all;
    each_readable(store, schedules_prefix(family), [&](ByteView key, ByteView record) {
        const ScheduleKey parsed = parse_schedule_key(family, key);
        all.emplace(parsed, decode(parsed, record));
    });
    return all;
}

}  // namespace

std::vector<Job> load_jobs(const store::Store& store) {
    std::vector<Job> jobs;
    each_readable(store, jobs_prefix(), [&](ByteView key, ByteView record) {
        jobs.push_back(decode_job(parse_job_key(key), record));
    });
    return jobs;
}

store::RecordChange put(const Job& job) {
    return {job_key(job.number), encode(job)};
}

store::RecordChange remove_job(std::uint64_t number) {
    return {job_key(number), std::nullopt};
}

std::map<ScheduleKey, ScheduleSpec> load_schedules(const store::Store& store) {
    return load_family<ScheduleSpec>(
        store, ScheduleFamily::spec,
        [](const ScheduleKey& key, ByteView record) { return decode_schedule(key.task, record); });
}

std::map<ScheduleKey, ScheduleState> load_schedule_states(const store::Store& store) {
    return load_family<ScheduleState>(
        store, ScheduleFamily::state,
        [](const ScheduleKey&, ByteView record) { return decode_schedule_state(record); });
}

store::RecordChange put(const ScheduleKey& key, const ScheduleSpec& spec) {
    return {schedule_key(ScheduleFamily::spec, key), encode(spec)};
}

store::RecordChange put(const ScheduleKey& key, const ScheduleState& state) {
    return {schedule_key(ScheduleFamily::state, key), encode(state)};
}

store::RecordChange remove_schedule(const ScheduleKey& key) {
    return {schedule_key(ScheduleFamily::spec, key), std::nullopt};
}

store::RecordChange remove_schedule_state(const ScheduleKey& key) {
    return {schedule_key(ScheduleFamily::state, key), std::nullopt};
}

}  // namespace yore::catalog
