// SPDX-License-Identifier: Apache-2.0
/// The records of schedules: those that were set by command, and how far each has come, whoever
/// set it.
#pragma once

#include <yore/format/schedule_spec.h>
#include <yore/format/schedule_state.h>
#include <yore/store/store.h>

#include <compare>
#include <cstdint>
#include <map>

namespace yore::catalog {

struct ScheduleKey {
    std::uint32_t source = 0;  ///< its id; 0: the whole repository
    ScheduledTask task = ScheduledTask::snapshot;
    auto operator<=>(const ScheduleKey&) const = default;
};

/// `source` of a spec is not stored, since its id is in the key: it comes back empty.
std::map<ScheduleKey, ScheduleSpec> load_schedules(const store::Store&);
std::map<ScheduleKey, ScheduleState> load_schedule_states(const store::Store&);
store::RecordChange put(const ScheduleKey&, const ScheduleSpec&);
store::RecordChange put(const ScheduleKey&, const ScheduleState&);
store::RecordChange remove_schedule(const ScheduleKey&);
store::RecordChange remove_schedule_state(const ScheduleKey&);

}  // namespace yore::catalog
