// SPDX-License-Identifier: Apache-2.0
#include "../support.h"
#include "cli/progress.h"
#include "cli/terminal.h"

using namespace yore;
using namespace yore::cli;

namespace {

constexpr Timestamp start{1'000'000'000'000};
constexpr std::int64_t ms = 1'000'000;

nlohmann::json event(std::uint64_t bytes, std::uint64_t expected = 0) {
    nlohmann::json event{{"event", "progress"}, {"bytes", bytes},        {"files", 12345u},
                         {"bytes_new", 2048u},  {"bytes_stored", 1024u}, {"problems", 0u}};
    if (expected > 0) event["bytes_expected"] = expected;
    return event;
}

Timestamp after(std::int64_t milliseconds) {
    return {start.ns + milliseconds * ms};
}

}  // namespace

TEST_CASE("there are at most ten lines a second") {
    Progress progress(start);
    int lines = 0;
    for (int i = 0; i < 2000; ++i)
        if (progress.line(event(100), after(i), 100)) ++lines;
    CHECK(lines == 20);
}

TEST_CASE("a line tells how far, how fast and how long yet") {
    Progress progress(start);
    const auto line = progress.line(event(10u << 20, 40u << 20), after(1000), 200);
    REQUIRE(line);
    CHECK(line->find(" 25%") != std::string::npos);
    CHECK(line->find("10.0 MiB of 40.0 MiB") != std::string::npos);
    CHECK(line->find("10.0 MiB/s") != std::string::npos);
    CHECK(line->find("left 0:03") != std::string::npos);
    CHECK(line->find("12,345 files") != std::string::npos);
    CHECK(line->find("new 2.00 KiB, stored 1.00 KiB") != std::string::npos);
    CHECK(line->find("problem") == std::string::npos);
}

TEST_CASE("without an expected size there is no percentage") {
    Progress progress(start);
    const auto line = progress.line(event(10u << 20), after(2000), 200);
    REQUIRE(line);
    CHECK(line->find('%') == std::string::npos);
    CHECK(line->find("0:02") != std::string::npos);
}

TEST_CASE("more than was expected is still at most all") {
    Progress progress(start);
    const auto line = progress.line(event(50, 40), after(1000), 200);
    REQUIRE(line);
    CHECK(line->find("100%") != std::string::npos);
}

TEST_CASE("no line is wider than the terminal") {
    for (std::size_t columns = 0; columns < 140; ++columns) {
        Progress progress(start);
        const auto line = progress.line(event(10u << 20, 40u << 20), after(1000), columns);
        REQUIRE(line);
        CHECK(columns_of(*line) <= (columns > 0 ? columns - 1 : 0));
    }
}

TEST_CASE("the rate follows the last seconds and not how often events come") {
    Progress often(start), seldom(start);
    for (std::int64_t t = 100; t <= 20'000; t += 100)
        often.line(event(static_cast<std::uint64_t>(t) << 9), after(t), 200);
    for (std::int64_t t = 1000; t <= 20'000; t += 1000)
        seldom.line(event(static_cast<std::uint64_t>(t) << 9), after(t), 200);
    const auto rate = "500 KiB/s";
    CHECK(often.line(event(20'100u << 9), after(20'100), 200)->find(rate) != std::string::npos);
    CHECK(seldom.line(event(20'100u << 9), after(20'100), 200)->find(rate) != std::string::npos);
}
