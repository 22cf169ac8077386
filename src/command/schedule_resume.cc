// SPDX-License-Identifier: Apache-2.0
/// schedule-resume: which one (schedule.h). What was due meanwhile is left out. The result is the
/// schedule.
#include "command/run.h"
#include "command/schedule.h"

namespace yore::command {

nlohmann::json run_schedule_resume(Context& context, const Call& call) {
    Schedules& schedules = context.schedules();
    return describe(schedules.resume(requested_schedule(call.request)), context);
}

}  // namespace yore::command
