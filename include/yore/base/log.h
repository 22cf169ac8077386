// SPDX-License-Identifier: Apache-2.0
/// Log lines. An error is logged where it ends, once. To standard error by default.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace yore {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { text, json };

/// Call once from `main`, before threads. `path` empty: standard error.
void configure_log(LogLevel, LogFormat, const std::string& path = {});
void log_line(LogLevel, std::string_view text);

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
