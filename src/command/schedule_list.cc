// SPDX-License-Identifier: Apache-2.0
/// schedule-list: nothing asked. An event `schedule` each. The result has `count` and `served`:
/// whether somebody here runs them.
#include "command/run.h"
#include "command/schedule.h"

namespace yore::command {

nlohmann::json run_schedule_list(Context& context, const Call& call) {
    Fields(call.request).done();
    const auto schedules = context.schedules().list();
    for (const auto& entry : schedules) {
        auto row = describe(entry, context);
        row["event"] = "schedule";
        call.output.event(row);
    }
    return {{"count", schedules.size()}, {"served", context.schedules().is_attached()}};
}

}  // namespace yore::command
