// SPDX-License-Identifier: Apache-2.0
/// schedule-show: which one (schedule.h). The result is the schedule.
#include "command/run.h"
#include "command/schedule.h"

namespace yore::command {

nlohmann::json run_schedule_show(Context& context, const Call& call) {
    Schedules& schedules = context.schedules();
    return describe(schedules.show(requested_schedule(call.request)), context);
}

}  // namespace yore::command
