// SPDX-License-Identifier: Apache-2.0
/// jobs, schedules.
#include <fmt/format.h>

#include "cli/presentation.h"
#include "cli/sizes.h"

namespace yore::cli {
namespace {

std::string what_of(const nlohmann::json& job) {
    const auto source = bytes_in(job, "source");
    return job.value("command", "") + (source.empty() ? "" : " ") + source;
}

/// How long it took; while it runs, or when nobody knows: empty.
std::string duration_of(const nlohmann::json& job) {
    return seconds_between(job["started"], job["ended"]);
}

/// The first problem of a check, or the first warning.
std::string finding_of(const Screen& screen, const nlohmann::json& findings) {
    std::string text;
    for (const auto& finding : findings) {
        const bool is_problem = finding.value("level", "") == "problem";
        if (text.empty() || is_problem) text = screen.name(bytes_in(finding, "text"));
        if (is_problem) break;
    }
    return text;
}

/// The first check of level 3 that did not pass.
std::string failed_proof_of(const Screen& screen, const nlohmann::json& proofs) {
    for (const auto& proof : proofs)
        if (proof.value("outcome", "") != "passed")
            return fmt::format("{}: {}", proof.value("source", ""),
                               screen.name(bytes_in(proof, "reason")));
    return {};
}

/// Why it failed, what it found, or how far it came.
std::string detail_of(const Screen& screen, const nlohmann::json& job) {
    const auto& answer = job["answer"];
    if (answer.is_object() && answer.contains("error") && answer["error"].is_object())
        return screen.name(bytes_in(answer["error"], "text"));
    if (answer.is_object() && answer.contains("findings"))
        return finding_of(screen, answer["findings"]);
    if (answer.is_object() && answer.contains("proofs"))
        return failed_proof_of(screen, answer["proofs"]);
    const auto& progress = job["progress"];
    if (!progress.is_object()) return {};
    if (progress.contains("phase"))
        return fmt::format("{}, {} of {} packs", progress.value("phase", ""),
                           number_in(progress, "packs_done"), number_in(progress, "packs_chosen"));
    const char* bytes = progress.contains("bytes") ? "bytes" : "bytes_read";
    std::string text = human_size(number_in(progress, bytes));
    if (progress.contains("files"))
        text = counted(number_in(progress, "files"), "file") + ", " + text;
    return text;
}

Presentation present_list(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& job) {
        std::string line =
            fmt::format("{:>6}  {:<24}  {:<11}  {:<30}  {:>8}  {}", number_in(job, "job"),
                        what_of(job), job.value("state", ""), job.value("started", ""),
                        duration_of(job), detail_of(screen, job));
        line.erase(line.find_last_not_of(' ') + 1);
        screen.out(line + "\n");
    };
    return presentation;
}

Presentation present_one(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& job) {
        screen.out(fmt::format("job {}: {}{}, {}\n", number_in(job, "job"), what_of(job),
                               job.value("scheduled", false) ? " (by schedule)" : "",
                               job.value("state", "")));
        const auto line = [&](const char* name, const std::string& text) {
            if (!text.empty()) screen.out(fmt::format("  {:<8}  {}\n", name, text));
        };
        line("started", job.value("started", ""));
        if (job["ended"].is_string()) line("ended", job.value("ended", ""));
        line("took", duration_of(job));
        line(job["answer"].is_object() && job["answer"].contains("error") ? "because" : "so far",
             detail_of(screen, job));
        if (!job["answer"].is_object() || !job["answer"].contains("proofs")) return;
        for (const auto& proof : job["answer"]["proofs"])
            screen.out(proof_text(screen, proof) + proof_output_text(screen, proof));
    };
    return presentation;
}

std::string when_of(const nlohmann::json& schedule) {
    if (schedule.value("paused", false)) return "paused";
    if (schedule.value("running", false)) return "running";
    return schedule["next"].is_string() ? "next " + schedule.value("next", "") : "never";
}

/// A line of times, an amount of log, or both.
std::string times_of(const Screen& screen, const nlohmann::json& schedule) {
    std::string text = screen.name(bytes_in(schedule, "cron"));
    if (!text.empty()) text += ", " + bytes_in(schedule, "zone");
    if (const auto log = number_in(schedule, "log"); log > 0)
        text += fmt::format("{}after {} of log", text.empty() ? "" : ", ", human_size(log));
    return text;
}

std::string schedule_line(const Screen& screen, const nlohmann::json& schedule) {
    std::string line = fmt::format("{:<24}  {:<26}  {}", bytes_in(schedule, "schedule"),
                                   when_of(schedule), times_of(screen, schedule));
    if (const auto failures = number_in(schedule, "failures"); failures > 0)
        line += fmt::format(", failed {} times", failures);
    return line + "\n";
}

void remark_not_served(Screen& screen, const nlohmann::json& result) {
    if (!result.value("served", true))
        screen.remark(
            "nobody runs schedules now: a process that stays does, such as `yore serve` or `yore "
            "mount`");
}

Presentation present_schedule_list(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) { screen.out(schedule_line(screen, row)); };
    presentation.result = [&](const nlohmann::json& result) {
        screen.flush();
        if (number_in(result, "count") > 0) remark_not_served(screen, result);
    };
    return presentation;
}

Presentation present_schedule(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& schedule) {
        screen.out(schedule_line(screen, schedule));
        screen.flush();
        remark_not_served(screen, schedule);
    };
    return presentation;
}

Presentation present_schedule_show(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& schedule) {
        screen.out(schedule_line(screen, schedule));
        const auto line = [&](const char* name, const std::string& text) {
            screen.out(fmt::format("  {:<19}  {}\n", name, text));
        };
        line("on previous running", schedule.value("on_previous_running", ""));
        line("on failure", schedule.value("on_failure", ""));
        for (const char* key : {"max_time", "older_than"})
            if (schedule.contains(key))
                line(key == std::string_view("max_time") ? "reads for" : "what was not read for",
                     schedule.value(key, ""));
        if (number_in(schedule, "level") == 3)
            line("puts to use", schedule.value("compare", false)  ? "what a backup compares with"
                                : schedule.value("random", false) ? "random moments"
                                                                  : "the newest");
        line("set by", schedule.value("configured", false) ? "the settings" : "command");
        if (schedule["last_started"].is_string())
            line("last started", schedule.value("last_started", ""));
        if (schedule["last_success"].is_string())
            line("last success", schedule.value("last_success", ""));
        if (const auto job = number_in(schedule, "last_job"); job > 0)
            line("last job", std::to_string(job));
    };
    return presentation;
}

Presentation present_schedule_remove(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& schedule) {
        screen.out(fmt::format("removed schedule {}\n", bytes_in(schedule, "schedule")));
    };
    return presentation;
}

}  // namespace

const Presentations& job_presentations() {
    static const Presentations table{{"jobs-list", present_list},
                                     {"jobs-show", present_one},
                                     {"jobs-follow", present_one},
                                     {"jobs-cancel", present_one},
                                     {"jobs-pause", present_one},
                                     {"jobs-resume", present_one},
                                     {"schedule-list", present_schedule_list},
                                     {"schedule-pause", present_schedule},
                                     {"schedule-remove", present_schedule_remove},
                                     {"schedule-resume", present_schedule},
                                     {"schedule-run-now", present_schedule},
                                     {"schedule-set", present_schedule},
                                     {"schedule-show", present_schedule_show}};
    return table;
}

}  // namespace yore::cli
