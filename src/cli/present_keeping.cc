// SPDX-License-Identifier: Apache-2.0
/// prune, collect, holds, source set: what is kept and why, and what came back.
#include <algorithm>

#include <fmt/format.h>

#include "cli/presentation.h"
#include "cli/sizes.h"

namespace yore::cli {
namespace {

void print_verdict(Screen& screen, const nlohmann::json& row) {
    screen.out(fmt::format("{:<6}  {}@{}  {}\n", row.value("keep", true) ? "keep" : "remove",
                           bytes_in(row, "source"), row.value("snapshot", ""),
                           row.value("reason", "")));
}

Presentation present_collect(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& result) {
        const auto size = [&](const char* key) { return size_text(invocation, result, key); };
        const bool dry_run = result.value("dry_run", false);
        const auto dropped = number_in(result, "bytes_dropped");
        const auto freed = dropped - std::min(dropped, number_in(result, "bytes_copied"));
        screen.out(fmt::format("{} of {} are live; {} {} packs, {} {}: {} come back\n",
                               size("live_bytes"), size("stored_bytes"),
                               dry_run ? "would drop" : "dropped",
                               grouped(number_in(result, "packs_dropped")),
                               dry_run ? "copy" : "copied", size("bytes_copied"),
                               invocation.exact_sizes ? std::to_string(freed) : human_size(freed)));
        if (const auto damaged = number_in(result, "packs_damaged"); damaged > 0)
            screen.out(
                fmt::format("{} packs are kept, as something in them cannot be read: `yore "
                            "verify` says what needs it\n",
                            grouped(damaged)));
        if (!dry_run)
            screen.out(fmt::format("the repository took {}, it takes {}\n",
                                   size("repository_bytes_before"), size("repository_bytes")));
    };
    return presentation;
}

std::string hold_text(const Screen& screen, const nlohmann::json& hold) {
    auto text = fmt::format("hold {}: {}@{}, ", number_in(hold, "hold"), bytes_in(hold, "source"),
                            hold.value("what", ""));
    if (hold.contains("clone")) return text + "as long as the clone " + hold.value("clone", "");
    text += hold["until"].is_string() ? "until " + hold.value("until", "") : "until released";
    if (const auto reason = bytes_in(hold, "reason"); !reason.empty())
        text += ": " + screen.name(reason);
    return text;
}

Presentation present_prune(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        const auto event = row.value("event", "");
        if (event == "verdict") return print_verdict(screen, row);
        if (event == "log")
            return screen.out(fmt::format("log     {}: {} segments that no kept moment needs go\n",
                                          bytes_in(row, "source"),
                                          grouped(number_in(row, "segments"))));
        screen.out(fmt::format("window  {}: every moment since {}\n", bytes_in(row, "source"),
                               row.value("from", "")));
    };
    presentation.result = [&](const nlohmann::json& result) {
        const bool dry_run = result.value("dry_run", false);
        const auto removed = number_in(result, "removed");
        screen.out(fmt::format("{} {} snapshots, {} {}\n", dry_run ? "would remove" : "removed",
                               grouped(removed), dry_run ? "keep" : "kept",
                               grouped(number_in(result, "kept"))));
        if (result.contains("collected"))
            present_collect(invocation, screen).result(result["collected"]);
        else if (removed + number_in(result, "segments") > 0 && !dry_run)
            screen.remark("`yore collect` gives their space back");
    };
    return presentation;
}

Presentation present_source_set(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) { print_verdict(screen, row); };
    presentation.result = [&](const nlohmann::json& result) {
        screen.out(fmt::format("source {} keeps {}\n", bytes_in(result, "name"),
                               policy_text(result["policy"])));
        if (const auto victims = number_in(result, "victims"); victims > 0)
            screen.remark(fmt::format("because of this, the next `yore prune` removes {} snapshots",
                                      grouped(victims)));
        if (result.contains("slot_failure")) screen.remark(slot_failure_text(result));
    };
    return presentation;
}

Presentation present_hold_list(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        screen.out(hold_text(screen, row) + (row.value("in_force", true) ? "\n" : " (over)\n"));
    };
    return presentation;
}

Presentation present_hold_add(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& result) {
        screen.out(hold_text(screen, result) + "\n");
    };
    return presentation;
}

Presentation present_hold_release(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& result) {
        screen.out("released " + hold_text(screen, result) + "\n");
    };
    return presentation;
}

}  // namespace

std::string policy_text(const nlohmann::json& policy) {
    std::string text;
    for (const char* rule : {"last", "hourly", "daily", "weekly", "monthly", "yearly"})
        if (const auto count = number_in(policy, std::string("keep_") + rule); count > 0)
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", rule, count);
    for (const auto& [key, name] : {std::pair("keep_within", "within"), {"window", "window"}})
        if (policy.contains(key))
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, policy.value(key, ""));
    return text.empty() ? "all" : text;
}

const Presentations& keeping_presentations() {
    static const Presentations table{{"prune", present_prune},
                                     {"collect", present_collect},
                                     {"hold-add", present_hold_add},
                                     {"hold-list", present_hold_list},
                                     {"hold-release", present_hold_release},
                                     {"source-set", present_source_set}};
    return table;
}

}  // namespace yore::cli
