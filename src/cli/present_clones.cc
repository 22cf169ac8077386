// SPDX-License-Identifier: Apache-2.0
/// What the commands on clones tell.
#include <yore/command/text.h>

#include <fmt/format.h>

#include "cli/presentation.h"
#include "cli/sizes.h"

namespace yore::cli {
namespace {

/// `12.0 MiB changed in 3 files, of at most 1.0 GiB`; not mounted: only the limit.
std::string changes_text(const Invocation& invocation, const nlohmann::json& clone) {
    std::string text;
    if (clone["changed_bytes"].is_number())
        text = fmt::format("{} changed in {}", size_text(invocation, clone, "changed_bytes"),
                           counted(number_in(clone, "changed_files"), "file"));
    if (clone["max_bytes"].is_number())
        text += fmt::format("{}at most {}", text.empty() ? "" : ", ",
                            size_text(invocation, clone, "max_bytes"));
    return text;
}

std::string headline(const Screen& screen, const nlohmann::json& clone) {
    return fmt::format("{}  {}  {}  {}", clone.value("clone", ""), clone.value("moment", ""),
                       clone.value("state", ""), screen.name(bytes_in(clone, "directory")));
}

void print_failure(Screen& screen, const nlohmann::json& clone) {
    if (clone.contains("failure"))
        screen.out(
            fmt::format("  it cannot be mounted: {}\n", screen.name(bytes_in(clone, "failure"))));
}

Presentation present_clone_list(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        const auto changes = changes_text(invocation, row);
        screen.out(headline(screen, row) + (changes.empty() ? "" : "  " + changes) + "\n");
        print_failure(screen, row);
    };
    return presentation;
}

Presentation present_clone_show(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& clone) {
        const auto line = [&](std::string_view what, const std::string& text) {
            screen.out(fmt::format("{:<11}{}\n", what, text));
        };
        line("clone", clone.value("clone", ""));
        line("moment", clone.value("moment", ""));
        line("state", clone.value("state", ""));
        line("directory", screen.name(bytes_in(clone, "directory")));
        line("created", clone.value("created", ""));
        if (clone["until"].is_string()) line("until", clone.value("until", ""));
        if (const auto changes = changes_text(invocation, clone); !changes.empty())
            line("changes", changes);
        if (clone.contains("server")) {
            line("server", clone["server"].value("state", ""));
            line("connect", screen.name(bytes_in(clone["server"], "connect")));
            line("log", screen.name(bytes_in(clone["server"], "log")));
        }
        line("kept in", screen.name(bytes_in(clone, "changes")));
        line("hold", std::to_string(number_in(clone, "hold")));
        print_failure(screen, clone);
    };
    return presentation;
}

/// Of one that is there to be used.
Presentation present_clone(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& clone) {
        screen.out(fmt::format("clone {} of {} {} {}\n", clone.value("clone", ""),
                               clone.value("moment", ""),
                               clone.value("state", "") == "mounted" ? "at" : "not mounted at",
                               screen.name(bytes_in(clone, "directory"))));
        if (clone.contains("server")) {
            screen.out(fmt::format("{}\n", screen.name(bytes_in(clone["server"], "connect"))));
            for (const auto& warning : command::bytes_of_list(clone["server"]["warnings"]))
                screen.remark(screen.name(warning));
        }
        if (clone["until"].is_string())
            screen.remark(fmt::format("it is removed at {}", clone.value("until", "")));
    };
    return presentation;
}

Presentation present_clone_remove(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.result = [&](const nlohmann::json& result) {
        screen.out(fmt::format("removed clone {} of {}\n", result.value("clone", ""),
                               result.value("moment", "")));
    };
    return presentation;
}

}  // namespace

const Presentations& clone_presentations() {
    static const Presentations table{
        {"clone-create", present_clone}, {"clone-list", present_clone_list},
        {"clone-mount", present_clone},  {"clone-remove", present_clone_remove},
        {"clone-reset", present_clone},  {"clone-show", present_clone_show}};
    return table;
}

}  // namespace yore::cli
