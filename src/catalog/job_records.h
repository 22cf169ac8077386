// SPDX-License-Identifier: Apache-2.0
/// The records of jobs and schedules as FlatBuffers (src/format/catalog.fbs), and their keys.
/// Encoding is deterministic.
///
///     'j' number          a job
///     'p' source task     a schedule
///     'q' source task     how far a schedule has come
#pragma once

#include <yore/catalog/job.h>
#include <yore/catalog/schedule.h>

namespace yore::catalog {

Bytes jobs_prefix();
Bytes job_key(std::uint64_t number);
enum class ScheduleFamily : char { spec = 'p', state = 'q' };
Bytes schedules_prefix(ScheduleFamily);
Bytes schedule_key(ScheduleFamily, const ScheduleKey&);
// Another length or letter, or a number out of range: `corrupt`; a task that is not known:
// `unsupported`.
std::uint64_t parse_job_key(ByteView);
ScheduleKey parse_schedule_key(ScheduleFamily, ByteView);

Bytes encode(const Job&);
Bytes encode(const ScheduleSpec&);
Bytes encode(const ScheduleState&);
// What is not such a record, or not within its limits, is `corrupt`; a state or policy that this
// version does not know is `unsupported`.
Job decode_job(std::uint64_t number, ByteView);
ScheduleSpec decode_schedule(ScheduledTask, ByteView);
ScheduleState decode_schedule_state(ByteView);

}  // namespace yore::catalog
