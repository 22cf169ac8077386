// SPDX-License-Identifier: Apache-2.0
/// schedule-pause: which one (schedule.h). Nothing of it runs until it is resumed; what is running
/// goes on. The result is the schedule.
#include "command/run.h"
#include "command/schedule.h"

namespace yore::command {

nlohmann::json run_schedule_pause(Context& context, const Call& call) {
    Schedules& schedules = context.schedules();
    return describe(schedules.pause(requested_schedule(call.request)), context);
}

}  // namespace yore::command
