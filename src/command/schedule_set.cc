// SPDX-License-Identifier: Apache-2.0
/// schedule-set: which one (schedule.h), `cron`, `zone` (absent: UTC), `on_previous_running`,
/// `on_failure`; of a verify `level`, `max_time`, `older_than` (verification.h). It takes the place
/// of the one before. The result is the schedule.
#include "command/run.h"
#include "command/schedule.h"
#include "command/verification.h"

namespace yore::command {

nlohmann::json run_schedule_set(Context& context, const Call& call) {
    Fields fields(call.request);
    ScheduleSpec spec;
    auto which = read_which(fields);
    spec.task = which.task;
    spec.source = std::move(which.source);
    spec.cron = fields.text("cron");
    spec.zone = fields.optional_text("zone").value_or(spec.zone);
    if (const auto policy = fields.optional_text("on_previous_running"))
        spec.on_previous_running = timeline::parse_on_previous_running(*policy);
    if (const auto policy = fields.optional_text("on_failure"))
        spec.on_failure = timeline::parse_on_failure(*policy);
    spec.verify = read_verify(fields);
    fields.done();
    return describe(context.schedules().set(spec), context);
}

}  // namespace yore::command
