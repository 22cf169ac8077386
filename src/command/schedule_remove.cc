// SPDX-License-Identifier: Apache-2.0
/// schedule-remove: which one (schedule.h). What is running goes on. The result is the schedule.
#include "command/run.h"
#include "command/schedule.h"

namespace yore::command {

nlohmann::json run_schedule_remove(Context& context, const Call& call) {
    Schedules& schedules = context.schedules();
    return describe(schedules.remove(requested_schedule(call.request)), context);
}

}  // namespace yore::command
