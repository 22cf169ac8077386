// SPDX-License-Identifier: Apache-2.0
/// schedule-set: which one (schedule.h), `cron`, `zone` (absent: UTC), `on_previous_running`,
/// `on_failure`; of a verify `level`, `max_time`, `older_than`, `random`, `compare`
/// (verification.h); of a roll-forward `log` (bytes), with which `cron` may be absent. It takes the
/// place of the one before. The result is the schedule.
#include <yore/base/error.h>

#include "command/moment.h"
#include "command/run.h"
#include "command/schedule.h"
#include "command/verification.h"

namespace yore::command {

namespace {

void check_kind(Context& context, const ScheduleSpec& spec) {
    if (spec.task != ScheduledTask::roll_forward || spec.source.empty()) return;
    const auto source = find_source(context.catalog(), spec.source);
    if (source.kind != catalog::SourceKind::postgresql)
        throw Error(Errc::invalid,
                    fmt::format("source {} is a {}: base backups of PostgreSQL clusters are rolled "
                                "forward",
                                source.name, catalog::name_of(source.kind)));
}

}  // namespace

nlohmann::json run_schedule_set(Context& context, const Call& call) {
    Fields fields(call.request);
    ScheduleSpec spec;
    auto which = read_which(fields);
    spec.task = which.task;
    spec.source = std::move(which.source);
    spec.log_bytes = fields.number("log").value_or(0);
    // Whether it may be absent is judged with the rest.
    spec.cron = fields.optional_text("cron").value_or("");
    spec.zone = fields.optional_text("zone").value_or(spec.zone);
    if (const auto policy = fields.optional_text("on_previous_running"))
        spec.on_previous_running = timeline::parse_on_previous_running(*policy);
    if (const auto policy = fields.optional_text("on_failure"))
        spec.on_failure = timeline::parse_on_failure(*policy);
    spec.verify = read_verify(fields);
    fields.done();
    check_kind(context, spec);
    return describe(context.schedules().set(spec), context);
}

}  // namespace yore::command
