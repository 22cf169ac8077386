// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/time.h>
#include <yore/base/utf8.h>

#include <cstdlib>
#include <memory>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

namespace yore {
namespace {

/// Lines are made here, whole; spdlog brings them to their sink, one at a time.
struct Log {
    std::shared_ptr<spdlog::logger> logger;
    LogFormat format = LogFormat::text;
};

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink, LogLevel level);

/// The process has one log, as it has one standard error.
Log& the_log() {
    static Log log{make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(), LogLevel::info)};
    return log;
}

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::string_view word_for(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink, LogLevel level) {
    auto logger = std::make_shared<spdlog::logger>("yore", std::move(sink));
    logger->set_pattern("%v");
    logger->set_level(level_of(level));
    logger->flush_on(spdlog::level::debug);
    return logger;
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string escaped_text(std::string_view text) {
    std::string line;
    line.reserve(text.size());
    for (char c : text) {
        if (c == '\n') {
            line += "\n    ";
        } else if (is_control(c)) {
            line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            line += c;
        }
    }
    return line;
}

std::string escaped_json(std::string_view text) {
    std::string line;
    line.reserve(text.size());
    for (char c : text) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (c == '\n') {
            line += "\\n";
        } else if (is_control(c)) {
            line += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
            line += c;
        }
    }
    return line;
}

/// The priorities of syslog(3).
int priority_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return 7;
        case LogLevel::info:
            return 6;
        case LogLevel::warning:
            return 4;
        case LogLevel::error:
            return 3;
    }
    return 3;
}

/// The journal takes each line for an entry of its own, so each has the priority.
std::string journal_lines(LogLevel level, std::string_view text) {
    const auto prefix = fmt::format("<{}>", priority_of(level));
    auto lines = prefix + escaped_text(text);
    for (auto at = lines.find('\n'); at != std::string::npos; at = lines.find('\n', at + 1))
        lines.insert(at + 1, prefix);
    return lines;
}

std::string format_line(LogFormat format, LogLevel level, std::string_view text) {
    if (format == LogFormat::journal) return journal_lines(level, text);
    const auto time = to_rfc3339(SystemClock().now());
    if (format == LogFormat::json)
        return fmt::format(R"({{"time":"{}","level":"{}","message":"{}"}})", time, word_for(level),
                           escaped_json(readable_utf8(text)));
    return fmt::format("{} {}: {}", time, word_for(level), escaped_text(text));
}

}  // namespace

void configure_log(LogLevel level, LogFormat format, const std::string& path) {
    spdlog::sink_ptr sink;
    try {
        if (path.empty()) {
            sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        } else {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
        }
    } catch (const spdlog::spdlog_ex& error) {
        throw Error(Errc::io, fmt::format("open log {}: {}", path, error.what()));
    }
    the_log() = {make_logger(std::move(sink), level), format};
}

LogFormat log_format_of_standard_error() {
    if (::isatty(STDERR_FILENO) == 1) return LogFormat::text;
    const char* stream = std::getenv("JOURNAL_STREAM");  // `device:inode`, as systemd.exec(5) says
    struct stat info {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return LogFormat::json;
    return fmt::format("{}:{}", info.st_dev, info.st_ino) == stream ? LogFormat::journal
                                                                    : LogFormat::json;
}

bool log_enabled(LogLevel level) {
    return the_log().logger->should_log(level_of(level));
}

void log_line(LogLevel level, std::string_view text) {
    if (!log_enabled(level)) return;
    const Log& log = the_log();
    const std::string line = format_line(log.format, level, text);
    log.logger->log(level_of(level), line);
}

}  // namespace yore
