// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/time.h>

#include <memory>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

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

bool log_enabled(LogLevel level) {
    return the_log().logger->should_log(level_of(level));
}

void log_line(LogLevel level, std::string_view text) {
    if (!log_enabled(level)) return;
    const Log& log = the_log();
    std::string time = to_rfc3339(SystemClock().now());
    std::string line = log.format == LogFormat::json
                           ? fmt::format(R"({{"time":"{}","level":"{}","message":"{}"}})", time,
                                         word_for(level), escaped_json(text))
                           : fmt::format("{} {}: {}", time, word_for(level), escaped_text(text));
    log.logger->log(level_of(level), line);
}

}  // namespace yore
