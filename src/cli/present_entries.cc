// SPDX-License-Identifier: Apache-2.0
/// ls, find, du, diff: rows go out as they come, so columns have fixed widths.
#include <fmt/format.h>

#include "cli/presentation.h"

namespace yore::cli {
namespace {

constexpr std::string_view kind_letter(std::string_view kind) {
    if (kind == "directory") return "d";
    if (kind == "symlink") return "l";
    if (kind == "block-device") return "b";
    if (kind == "character-device") return "c";
    if (kind == "fifo") return "p";
    if (kind == "socket") return "s";
    return "-";
}

/// `0755` as `rwxr-xr-x`, set-id and sticky bits as `ls` has them.
std::string mode_letters(const std::string& octal) {
    const unsigned long mode = std::stoul(octal, nullptr, 8);
    std::string text;
    for (int shift = 6; shift >= 0; shift -= 3) {
        const unsigned long bits = mode >> shift & 7;
        const bool special = (mode >> (shift == 6 ? 11 : shift == 3 ? 10 : 9) & 1) != 0;
        const char mark = shift == 0 ? 't' : 's';
        const bool runs = (bits & 1) != 0;
        text += (bits & 4) != 0 ? 'r' : '-';
        text += (bits & 2) != 0 ? 'w' : '-';
        text += !special ? (runs ? 'x' : '-') : runs ? mark : static_cast<char>(mark - 32);
    }
    return text;
}

std::string size_or_device(const Invocation& invocation, const nlohmann::json& row) {
    const auto device = row.find("device");
    if (device == row.end()) return size_text(invocation, row, "size");
    return fmt::format("{},{}", (*device)[0].get<unsigned>(), (*device)[1].get<unsigned>());
}

std::string long_row(const Invocation& invocation, const nlohmann::json& row) {
    const auto width = invocation.exact_sizes ? 12 : 9;
    return fmt::format("{}{} {:>3} {:>5} {:>5} {:>{}} {:<30} ", kind_letter(row.value("kind", "")),
                       mode_letters(row.value("mode", "0")), number_in(row, "links"),
                       number_in(row, "uid"), number_in(row, "gid"),
                       size_or_device(invocation, row), width, row.value("modified", ""));
}

void print_entry(const Invocation& invocation, Screen& screen, const nlohmann::json& row,
                 const std::string& name) {
    std::string line = invocation.long_rows ? long_row(invocation, row) : "";
    line += screen.name(name);
    if (invocation.long_rows && row.contains("target"))
        line += " -> " + screen.name(bytes_in(row, "target"));
    if (row.contains("state")) line = fmt::format("{:<30}  {}", bytes_in(row, "state"), line);
    screen.out(line + "\n");
}

/// Names as seen from the directory that was asked for.
Presentation present_ls(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        auto path = bytes_in(row, "path");
        auto asked = bytes_in(invocation.request, "path");
        while (asked.ends_with('/')) asked.pop_back();
        while (asked.starts_with('/')) asked.erase(0, 1);
        if (!asked.empty() && path.starts_with(asked + "/")) path.erase(0, asked.size() + 1);
        print_entry(invocation, screen, row, path);
    };
    return presentation;
}

Presentation present_find(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        print_entry(invocation, screen, row, bytes_in(row, "path"));
    };
    return presentation;
}

Presentation present_du(const Invocation& invocation, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        const auto path = bytes_in(row, "path");
        screen.out(fmt::format("{:>{}}  {}\n", size_text(invocation, row, "bytes"),
                               invocation.exact_sizes ? 12 : 9,
                               path.empty() ? "." : screen.name(path)));
    };
    return presentation;
}

Presentation present_diff(const Invocation&, Screen& screen) {
    Presentation presentation;
    presentation.row = [&](const nlohmann::json& row) {
        const auto change = row.value("change", "");
        const auto& entry = row.contains("after") ? row["after"] : row["before"];
        screen.out(fmt::format("{} {}{}\n",
                               change == "added"     ? "+"
                               : change == "removed" ? "-"
                                                     : "M",
                               screen.name(bytes_in(row, "path")),
                               entry.value("kind", "") == "directory" ? "/" : ""));
    };
    presentation.result = [&](const nlohmann::json& result) {
        screen.flush();
        screen.remark(fmt::format("{} added, {} removed, {} changed", number_in(result, "added"),
                                  number_in(result, "removed"), number_in(result, "changed")));
    };
    return presentation;
}

}  // namespace

const Presentations& entry_presentations() {
    static const Presentations table{
        {"ls", present_ls}, {"find", present_find}, {"du", present_du}, {"diff", present_diff}};
    return table;
}

}  // namespace yore::cli
