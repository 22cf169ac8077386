// SPDX-License-Identifier: Apache-2.0
/// serve --check: how a configuration is understood, or what is wrong with it.
#include <yore/command/text.h>

#include "cli/presentation.h"
#include "cli/sizes.h"
#include "cli/terminal.h"

namespace yore::cli {
namespace {

std::string mistake_line(const Screen& screen, const nlohmann::json& mistake) {
    const auto key = mistake.value("key", "");
    auto line = fmt::format("{}:{}: {}{}{}", screen.name(bytes_in(mistake, "file")),
                            number_in(mistake, "line"), screen.name(key), key.empty() ? "" : ": ",
                            screen.name(mistake.value("text", "")));
    if (mistake.contains("hint"))
        line += fmt::format(" ({})", screen.name(mistake.value("hint", "")));
    return line + "\n";
}

std::string secret_text(const Screen& screen, const nlohmann::json& secret) {
    for (const auto& [key, word] : {std::pair("key_file", "key file"),
                                    {"passphrase_file", "passphrase in"},
                                    {"passphrase_command", "passphrase from"}})
        if (secret.contains(key))
            return fmt::format("{} {}", word, screen.name(bytes_in(secret, key)));
    return "by the environment, or none is needed";
}

std::string source_text(const Screen& screen, const nlohmann::json& source) {
    auto text = fmt::format("{}: {}", bytes_in(source, "name"), source_place(screen, source));
    if (source.value("one_file_system", false)) text += "; one file system";
    if (!source.value("ignore_cache_dirs", true)) text += "; with caches";
    if (!source.value("ignore_nodump", true)) text += "; with what is marked nodump";
    if (source.contains("excludes"))
        for (const std::string& pattern : command::bytes_of_list(source["excludes"]))
            text += "; without " + screen.name(pattern);
    if (source.value("follow", false)) text += "; followed";
    return text + "; keeps " + policy_text(source["policy"]);
}

std::string schedule_text(const nlohmann::json& schedule) {
    return fmt::format("{}: {}, {}", bytes_in(schedule, "schedule"), schedule.value("cron", ""),
                       schedule.value("zone", ""));
}

Presentation present_serve(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) { screen.out(mistake_line(screen, row)); };
    presentation.result = [&](const nlohmann::json& result) {
        using Align = Table::Align;
        Table table({Align::left, Align::left});
        table.add({"repository", screen.name(bytes_in(result, "repository"))});
        table.add({"secret", secret_text(screen, result["secret"])});
        if (result.contains("cache_bytes"))
            table.add({"cache", size_text(invocation, result, "cache_bytes")});
        for (const auto& source : result["sources"])
            table.add({"source", source_text(screen, source)});
        for (const auto& schedule : result["schedules"])
            table.add({"schedule", schedule_text(schedule)});
        for (const auto& mount : result["mounts"])
            table.add({"mount", screen.name(bytes_in(mount, "directory")) +
                                    (mount.value("allow_other", false) ? " (allow_other)" : "")});
        if (result.contains("metrics"))
            table.add({"metrics",
                       fmt::format("http://{}/metrics", result["metrics"].value("listen", ""))});
        screen.out(table.text());
        screen.remark(invocation.config + " is right");
    };
    return presentation;
}

}  // namespace

const Presentations& serve_presentations() {
    static const Presentations table{{"serve", present_serve}};
    return table;
}

}  // namespace yore::cli
