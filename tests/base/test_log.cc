// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/log.h>
#include <yore/base/time.h>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;

namespace {

/// Sends the log to a file while it lives.
class LogTo {
  public:
    LogTo(LogLevel level, LogFormat format) { configure_log(level, format, path_); }
    ~LogTo() { configure_log(LogLevel::info, LogFormat::text); }
    std::string content() const { return std::string(as_text(*read_file(path_))); }

  private:
    test::TemporaryDirectory directory_;
    std::string path_ = directory_ / "log";
};

}  // namespace

TEST_CASE("a log line has a time, a level and its text") {
    LogTo log(LogLevel::info, LogFormat::text);
    log_warning("pack {} is {}", 7, "sparse");
    std::string line = log.content();
    auto space = line.find(' ');
    REQUIRE(space != std::string::npos);
    CHECK(parse_time(line.substr(0, space), {}));
    CHECK(line.substr(space) == " warning: pack 7 is sparse\n");
}

TEST_CASE("lines below the level are not written, nor formatted") {
    LogTo log(LogLevel::warning, LogFormat::text);
    log_debug("debug {}", 1);
    log_info("info {}", 2);
    CHECK(log.content().empty());
    CHECK_FALSE(log_enabled(LogLevel::info));
    log_error("error {}", 3);
    CHECK_THAT(log.content(), Catch::EndsWith(" error: error 3\n"));
}

TEST_CASE("a hostile name cannot forge a line or reach the terminal") {
    LogTo log(LogLevel::debug, LogFormat::text);
    log_debug("open {}", "a\n2026-01-01T00:00:00Z error: forged\x1b[2J{}");
    CHECK_THAT(log.content(), Catch::EndsWith(" debug: open a\n    2026-01-01T00:00:00Z error: "
                                              "forged\\x1b[2J{}\n"));
}

TEST_CASE("JSON lines escape what JSON must") {
    LogTo log(LogLevel::info, LogFormat::json);
    log_info("say \"a\\b\"\n\t{}", "é");
    CHECK_THAT(log.content(),
               Catch::EndsWith(R"(,"level":"info","message":"say \"a\\b\"\n\u0009é"})"
                               "\n"));
    CHECK_THAT(log.content(), Catch::StartsWith(R"({"time":")"));
}

TEST_CASE("JSON lines are UTF-8 whatever a file is called") {
    LogTo log(LogLevel::info, LogFormat::json);
    log_info("a\xff\xc3z\xed\xa0\x80");
    CHECK_THAT(log.content(),
               Catch::EndsWith("\"message\":\"a\uFFFD\uFFFDz\uFFFD\uFFFD\uFFFD\"}\n"));
}

TEST_CASE("lines for the journal have its priorities and no time") {
    LogTo log(LogLevel::debug, LogFormat::journal);
    log_debug("a");
    log_info("b\nc");
    log_warning("d");
    log_error("e");
    CHECK(log.content() == "<7>a\n<6>b\n<6>    c\n<4>d\n<3>e\n");
}

TEST_CASE("a log that cannot be opened is an error") {
    CHECK_THROWS_AS(configure_log(LogLevel::info, LogFormat::text, "/proc/none/log"), Error);
    configure_log(LogLevel::info, LogFormat::text);
}
