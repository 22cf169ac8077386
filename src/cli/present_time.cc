// SPDX-License-Identifier: Apache-2.0
/// check, windows, versions, log.
#include <fmt/format.h>

#include "cli/presentation.h"
#include "cli/sizes.h"

namespace yore::cli {
namespace {

Presentation present_windows(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        screen.out(fmt::format(
            "{}{}\n", row.value("kind", ""),
            row.contains("incarnation") ? " " + bytes_in(row, "incarnation") : std::string()));
        for (const char* bound : {"first", "last"})
            screen.out(fmt::format("  {:<5}  {:<30}  {}\n", bound, row[bound].value("time", ""),
                                   bytes_in(row[bound], "reason")));
        if (row.contains("rolled_from"))
            screen.out(fmt::format("  base   {:<30}  rolled forward from {}\n",
                                   row.value("base_backup", ""), row.value("rolled_from", "")));
        if (row["known_until"] != row["last"]["time"])
            screen.out(fmt::format("  known  {}\n", row.value("known_until", "")));
        for (const auto& span : row["uncertain"])
            screen.out(fmt::format("  uncertain from {} to {}: {}\n", span.value("from", ""),
                                   span.value("to", ""), bytes_in(span, "reason")));
    };
    presentation.result = [&](const nlohmann::json& result) {
        screen.flush();
        if (number_in(result, "count") == 0)
            screen.remark(bytes_in(result, "source") + " has nothing that can be opened");
    };
    return presentation;
}

Presentation present_versions(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        const auto entry = row.find("entry");
        const bool is_there = entry != row.end();
        screen.out(fmt::format(
            "{:<32}  {:<10}  {:>9}  {}\n", bytes_in(row, "source") + "@" + bytes_in(row, "state"),
            row.value("change", ""), is_there ? size_text(invocation, *entry, "size") : "-",
            is_there ? entry->value("modified", "") : ""));
    };
    return presentation;
}

Presentation present_log_follow(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        if (row["event"] == "paused")
            return screen.remark("paused since " + row.value("since", "") +
                                 ": `yore log resume` lets it go on");
        if (row["event"] == "tablespace")
            return screen.remark("there is a tablespace that no base backup has: `yore snapshot`");
        screen.out(fmt::format("{}  {} moments  {} ms\n", row.value("known_until", ""),
                               number_in(row, "moments"), number_in(row, "lag_ms")));
        screen.flush();
    };
    return presentation;
}

Presentation present_log_list(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        if (row["event"] == "span")
            screen.out(fmt::format("{} from {} to {}: {}\n", row.value("kind", ""),
                                   row.value("from_time", ""), row.value("to_time", ""),
                                   bytes_in(row, "reason")));
        else
            screen.out(fmt::format(
                "{}/{}  {:<30}  {:<30}  {:>7} moments{}\n", row.value("incarnation", ""),
                row.value("name", ""), row.value("first_time", ""), row.value("last_time", ""),
                number_in(row, "restore_points"), row.value("open", false) ? "  open" : ""));
    };
    presentation.result = [&](const nlohmann::json& result) {
        screen.flush();
        if (number_in(result, "segments") == 0)
            screen.remark(bytes_in(result, "source") + " has no log");
    };
    return presentation;
}

/// What succeeds says nothing: it does so once a segment, into the log of a server.
Presentation present_log_push(const Invocation&, Screen&) {
    return {};
}

Presentation present_log_fetch(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& result) {
        if (!result.value("found", false))
            screen.remark("yore: log fetch: " + bytes_in(result, "why"));
    };
    return presentation;
}

/// `home  following since …, as the settings say`
std::string follower_line(const nlohmann::json& row) {
    auto line = fmt::format("{}  {}", bytes_in(row, "source"), row.value("state", ""));
    if (row.contains("since")) line += " since " + row.value("since", "");
    if (row.value("configured", false)) line += ", as the settings say";
    return line;
}

Presentation present_log_pause(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& result) {
        screen.out(fmt::format("{}  {}\n", bytes_in(result, "source"), result.value("state", "")));
    };
    return presentation;
}

Presentation present_log_status(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        screen.out(follower_line(row) + "\n");
        if (row["known_until"].is_string())
            screen.out(fmt::format("  known until {}\n", row.value("known_until", "")));
        if (!row.contains("behind_ms")) return;
        constexpr double ms_per_s = 1000;
        screen.out(fmt::format(
            "  behind {:.1f} s; lag at most {:.1f} s; {} moments, events lost {} times\n",
            static_cast<double>(number_in(row, "behind_ms")) / ms_per_s,
            static_cast<double>(number_in(row, "longest_lag_ms")) / ms_per_s,
            number_in(row, "moments"), number_in(row, "lost")));
        if (row["failure"].is_string())
            screen.out(fmt::format("  {}; it is tried again at {}\n", bytes_in(row, "failure"),
                                   row.value("retry_at", "")));
    };
    presentation.result = [&](const nlohmann::json& result) {
        screen.flush();
        if (number_in(result, "count") == 0) screen.remark("nothing is followed");
    };
    return presentation;
}

Presentation present_check(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        screen.out(fmt::format("{:<7}  {:<16}  {}\n", row.value("level", ""),
                               row.value("check", ""), screen.name(bytes_in(row, "text"))));
        if (row.contains("hint"))
            screen.out(fmt::format("{:<7}  {:<16}  hint: {}\n", "", "",
                                   screen.name(bytes_in(row, "hint"))));
    };
    presentation.result = [&](const nlohmann::json& result) {
        screen.flush();
        screen.remark(fmt::format("{}: {}, {}", bytes_in(result, "source"),
                                  counted(number_in(result, "problems"), "problem"),
                                  counted(number_in(result, "warnings"), "warning")));
    };
    return presentation;
}

}  // namespace

const Presentations& time_presentations() {
    static const Presentations table{
        {"check", present_check},           {"log-fetch", present_log_fetch},
        {"log-follow", present_log_follow}, {"log-list", present_log_list},
        {"log-pause", present_log_pause},   {"log-push", present_log_push},
        {"log-resume", present_log_pause},  {"log-status", present_log_status},
        {"versions", present_versions},     {"windows", present_windows}};
    return table;
}

}  // namespace yore::cli
