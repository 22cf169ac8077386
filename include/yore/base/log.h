// SPDX-License-Identifier: Apache-2.0
/// Log lines. An error is logged where it ends, once. To standard error by default.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace yore {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat {
    text,     ///< `2026-11-21T14:07:32Z warning: …`
    json,     ///< an object on each line: `time`, `level`, `message`; U+FFFD for what is not UTF-8
    journal,  ///< `<4>…`, as sd-daemon(3) has it: systemd's journal knows the time itself
};
/// Text on a terminal, `journal` when the journal reads standard error, else JSON lines.
LogFormat log_format_of_standard_error();

/// Call once from `main`, before threads. `path` empty: standard error.
void configure_log(LogLevel, LogFormat, const std::string& path = {});
/// Control characters come out escaped, further lines indented: a name cannot forge a log line.
void log_line(LogLevel, std::string_view text);
bool log_enabled(LogLevel);

template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
    if (!log_enabled(LogLevel::debug)) return;
    log_line(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
    log_line(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
    log_line(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
    log_line(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace yore
