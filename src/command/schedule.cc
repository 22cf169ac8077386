// SPDX-License-Identifier: Apache-2.0
#include "command/schedule.h"

#include <yore/command/text.h>

namespace yore::command {
namespace {

nlohmann::json optional_time(const std::optional<Timestamp>& time) {
    return time ? nlohmann::json(to_rfc3339(*time)) : nlohmann::json();
}

nlohmann::json last_job_of(const ScheduleSpec& spec, Jobs& jobs) {
    const auto all = jobs.list();
    const auto command = timeline::name_of(spec.task);
    for (auto job = all.rbegin(); job != all.rend(); ++job)
        if (job->scheduled && job->command == command && job->source == spec.source)
            return job->number;
    return nullptr;
}

}  // namespace

Schedules::Which read_which(Fields& fields) {
    Schedules::Which which;
    if (const auto task = fields.optional_text("task")) which.task = timeline::parse_task(*task);
    which.source = fields.optional_text("source").value_or("");
    return which;
}

Schedules::Which requested_schedule(const nlohmann::json& request) {
    Fields fields(request);
    auto which = read_which(fields);
    fields.done();
    return which;
}

nlohmann::json describe(const ScheduleSpec& spec) {
    nlohmann::json object{{"schedule", timeline::schedule_name(spec.task, spec.source)},
                          {"task", timeline::name_of(spec.task)},
                          {"source", spec.source},
                          {"cron", spec.cron},
                          {"zone", spec.zone},
                          {"on_previous_running", timeline::name_of(spec.on_previous_running)},
                          {"on_failure", timeline::name_of(spec.on_failure)}};
    if (spec.task == ScheduledTask::verify) object.update(describe(spec.verify));
    if (spec.task == ScheduledTask::roll_forward) object["log"] = spec.log_bytes;
    return object;
}

nlohmann::json describe(const Schedules::Entry& entry, Context& context) {
    const ScheduleSpec& spec = entry.schedule.spec();
    const ScheduleState& state = entry.state;
    nlohmann::json object = describe(spec);
    object.update({{"configured", entry.configured},
                   {"paused", state.paused},
                   {"running", state.running},
                   {"failures", state.failures},
                   {"next", nullptr},
                   {"last_started", optional_time(state.last_started)},
                   {"last_success", optional_time(state.last_success)},
                   {"last_job", last_job_of(spec, context.jobs())},
                   {"served", context.schedules().is_attached()}});
    if (!state.paused) object["next"] = optional_time(entry.next());
    return object;
}

}  // namespace yore::command
