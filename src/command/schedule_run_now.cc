// SPDX-License-Identifier: Apache-2.0
/// schedule-run-now: which one (schedule.h). Returns before it has run. The result is the schedule.
#include "command/run.h"
#include "command/schedule.h"

namespace yore::command {

nlohmann::json run_schedule_run_now(Context& context, const Call& call) {
    Schedules& schedules = context.schedules();
    return describe(schedules.run_now(requested_schedule(call.request)), context);
}

}  // namespace yore::command
