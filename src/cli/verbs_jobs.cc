// SPDX-License-Identifier: Apache-2.0
/// jobs, schedule.
#include <yore/base/size.h>
#include <yore/command/text.h>

#include <memory>

#include "cli/verbs.h"

namespace yore::cli {
namespace {

struct VerbText {
    const char* name;
    const char* what;
};
constexpr VerbText job_verbs[] = {
    {"show", "Show a job"},
    {"follow", "Watch a job until it ends, and end as it does"},
    {"cancel", "Stop a job for good"},
    {"pause", "Stop the work of a job until it is resumed"},
    {"resume", "Let a paused job go on"},
};

void add_jobs(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::uint64_t job = 0, last = 20;
    };
    const auto options = std::make_shared<Options>();
    auto* jobs = app.add_subcommand("jobs", "Long commands that run, and what became of others");
    jobs->require_subcommand(1);
    jobs->fallthrough();
    auto* list = add_verb(*jobs, invocation, "list", "List the jobs",
                          [&invocation, options] { invocation.request["last"] = options->last; });
    list->add_option("--last", options->last, "How many that have ended [20]")->type_name("N");
    for (const VerbText& verb : job_verbs)
        add_verb(*jobs, invocation, verb.name, verb.what,
                 [&invocation, options] { invocation.request["job"] = options->job; })
            ->add_option("job", options->job, "Its number")
            ->required()
            ->type_name("JOB");
}

constexpr VerbText schedule_verbs[] = {
    {"show", "Show a schedule"},
    {"remove", "Remove a schedule"},
    {"pause", "Run nothing of a schedule until it is resumed"},
    {"resume", "Let a paused schedule go on at its next time"},
    {"run-now", "Run it now, besides its times"},
};

struct ScheduleOptions {
    std::string source, task, cron, zone, on_previous_running, on_failure, log;
    VerifyOptions verify;

    void put(nlohmann::json& request) const {
        for (const auto& [key, text] : {std::pair("source", &source),
                                        {"task", &task},
                                        {"cron", &cron},
                                        {"zone", &zone},
                                        {"on_previous_running", &on_previous_running},
                                        {"on_failure", &on_failure}})
            if (!text->empty()) command::put_bytes(request, key, *text);
        if (const auto bytes = parse_size(log)) request["log"] = *bytes;
        verify.put(request);
    }
};

CLI::App* add_schedule_verb(CLI::App& schedule, Invocation& invocation, const VerbText& verb,
                            const std::shared_ptr<ScheduleOptions>& options) {
    auto* added = add_verb(schedule, invocation, verb.name, verb.what,
                           [&invocation, options] { options->put(invocation.request); });
    added->add_option("source", options->source, "Of which source [the whole repository]")
        ->type_name("SOURCE");
    added
        ->add_option("--task", options->task,
                     "snapshot, prune, check, roll-forward, verify or collect [snapshot]")
        ->type_name("TASK");
    return added;
}

void add_schedule(CLI::App& app, Invocation& invocation) {
    const auto options = std::make_shared<ScheduleOptions>();
    auto* schedule = app.add_subcommand("schedule", "What runs by itself, and when");
    schedule->require_subcommand(1);
    schedule->fallthrough();
    add_verb(*schedule, invocation, "list", "List the schedules", [] {});
    auto* set =
        add_schedule_verb(*schedule, invocation, {"set", "Set when something runs"}, options);
    set->add_option("--cron", options->cron, "Five fields as in crontab(5), or @daily and the like")
        ->type_name("CRON");
    set->add_option("--log", options->log,
                    "Roll forward when so much log has come behind the newest base backup: 16G")
        ->check([](const std::string& text) {
            return parse_size(text) ? "" : text + " is not a size such as 16G";
        })
        ->type_name("SIZE");
    set->add_option("--zone", options->zone, "By the clock of which zone [UTC]")->type_name("ZONE");
    set->add_option("--on-previous-running", options->on_previous_running,
                    "When the run before goes on: wait or skip [skip]")
        ->type_name("POLICY");
    set->add_option("--on-failure", options->on_failure,
                    "After a failure: retry, reschedule or pause [retry]")
        ->type_name("POLICY");
    add_verify_options(*set, options->verify);
    for (const VerbText& verb : schedule_verbs)
        add_schedule_verb(*schedule, invocation, verb, options);
}

}  // namespace

void add_job_verbs(CLI::App& app, Invocation& invocation) {
    add_jobs(app, invocation);
    add_schedule(app, invocation);
}

}  // namespace yore::cli
