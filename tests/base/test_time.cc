// SPDX-License-Identifier: Apache-2.0
#include <yore/base/random.h>
#include <yore/base/time.h>

#include <ctime>
#include <limits>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "../support.h"

using namespace yore;

namespace {

constexpr std::int64_t ns_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t ns_max = std::numeric_limits<std::int64_t>::max();
const Timestamp now = Timestamp::from_seconds(1'795'000'000, 123);

std::optional<std::int64_t> ns_of(std::string_view text) {
    auto time = parse_time(text, now);
    if (!time) return std::nullopt;
    return time->ns;
}
std::int64_t at(std::int64_t seconds, std::uint32_t ns = 0) {
    return Timestamp::from_seconds(seconds, ns).ns;
}

}  // namespace

TEST_CASE("times are printed in UTC with as many digits as they need") {
    CHECK(to_rfc3339({0}) == "1970-01-01T00:00:00Z");
    CHECK(to_rfc3339({at(1'582'979'696, 719'573'000)}) == "2020-02-29T12:34:56.719573Z");
    CHECK(to_rfc3339({1'000'000}) == "1970-01-01T00:00:00.001Z");
    CHECK(to_rfc3339({1'000}) == "1970-01-01T00:00:00.000001Z");
    CHECK(to_rfc3339({1}) == "1970-01-01T00:00:00.000000001Z");
    CHECK(to_rfc3339({-1}) == "1969-12-31T23:59:59.999999999Z");
    CHECK(to_rfc3339({ns_min}) == "1677-09-21T00:12:43.145224192Z");
    CHECK(to_rfc3339({ns_max}) == "2262-04-11T23:47:16.854775807Z");
    CHECK(to_name({at(1'582'979'696, 719'573'000)}) == "2020-02-29T12-34-56.719573Z");
}

TEST_CASE("what is printed is read back exactly") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    auto check = [](std::int64_t ns) {
        Timestamp time{ns};
        CAPTURE(ns);
        REQUIRE(parse_time(to_rfc3339(time), now) == time);
        REQUIRE(parse_time(to_name(time), now) == time);
    };
    for (std::int64_t ns : {ns_min, ns_min + 1, ns_max, ns_max - 1, std::int64_t{-1}}) check(ns);
    for (int i = 0; i < 50'000; ++i) {
        auto ns = static_cast<std::int64_t>(random.next());
        check(ns);
        check(ns / 1'000 * 1'000);
        check(ns / 1'000'000'000 * 1'000'000'000);
    }
}

TEST_CASE("dates agree with the C library") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    for (int i = 0; i < 20'000; ++i) {
        auto second = static_cast<std::time_t>(random.below(18'400'000'000)) - 9'200'000'000;
        std::tm parts{};
        REQUIRE(::gmtime_r(&second, &parts) != nullptr);
        char text[64];
        REQUIRE(std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0);
        REQUIRE(to_rfc3339({at(second)}) == text);
    }
}

TEST_CASE("names sort by time") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    for (int i = 0; i < 20'000; ++i) {
        // Whole seconds: `…32Z` sorts behind `…32.5Z`, as no fraction is written for zero.
        auto first = static_cast<std::int64_t>(random.below(18'000'000'000)) - 9'000'000'000;
        auto second = static_cast<std::int64_t>(random.below(18'000'000'000)) - 9'000'000'000;
        REQUIRE((first < second) == (to_name({at(first)}) < to_name({at(second)})));
    }
}

TEST_CASE("every usual way to write a time is read") {
    const std::int64_t base = at(1'795'269'600);  // 2026-11-21T14:00:00Z
    const std::int64_t minute = 60'000'000'000, hour = 60 * minute;
    CHECK(ns_of("2026-11-21T14:00:00Z") == base);
    CHECK(ns_of("2026-11-21t14:00:00z") == base);
    CHECK(ns_of("2026-11-21 14:00:00") == base);
    CHECK(ns_of("2026-11-21 14:07") == base + 7 * minute);
    CHECK(ns_of("2026-11-21T14-07-32") == base + 7 * minute + 32'000'000'000);
    CHECK(ns_of("2026-11-21T14-07") == base + 7 * minute);
    CHECK(ns_of("2026-11-21T14-07Z") == base + 7 * minute);
    CHECK(ns_of("2026-11-21T14:00:00+02:00") == base - 2 * hour);
    CHECK(ns_of("2026-11-21T14:00:00.5-05:30") == base + 500'000'000 + 5 * hour + 30 * minute);
    CHECK(ns_of("2026-11-21T14-00-00+0200") == base - 2 * hour);
    CHECK(ns_of("2026-11-21T14-00-00-0200") == base + 2 * hour);
    CHECK(ns_of("2026-11-21T14:00-02:00") == base + 2 * hour);
    CHECK(ns_of("2026-11-21T14:00:00-00:00") == base);
    CHECK(ns_of("2026-11-22T00:30:00+14:00") == at(1'795'257'000));
}

TEST_CASE("fractions have one to nine digits") {
    std::string digits;
    std::int64_t expected = 0, unit = 1'000'000'000;
    for (int count = 1; count <= 9; ++count) {
        digits += static_cast<char>('0' + count);
        unit /= 10;
        expected += count * unit;
        CHECK(ns_of("1970-01-01T00:00:00." + digits + "Z") == expected);
        CHECK(ns_of("1970-01-01T00-00-00." + digits) == expected);
    }
    CHECK_FALSE(ns_of("1970-01-01T00:00:00.1234567890Z"));
    CHECK_FALSE(ns_of("1970-01-01T00:00:00.Z"));
    CHECK_FALSE(ns_of("1970-01-01T00:00.5Z"));
}

TEST_CASE("leap days exist in leap years only") {
    CHECK(ns_of("2024-02-29T00:00Z"));
    CHECK(ns_of("2000-02-29T00:00Z"));
    CHECK_FALSE(ns_of("2100-02-29T00:00Z"));
    CHECK_FALSE(ns_of("1900-02-29T00:00Z"));
    CHECK_FALSE(ns_of("2026-02-29T00:00Z"));
    CHECK_FALSE(ns_of("2024-02-30T00:00Z"));
}

TEST_CASE("times relative to now") {
    CHECK(ns_of("now") == now.ns);
    CHECK(ns_of("now-0s") == now.ns);
    CHECK(ns_of("now-5m") == now.ns - 300'000'000'000);
    CHECK(ns_of("now-90s") == now.ns - 90'000'000'000);
    CHECK(ns_of("now-2h") == now.ns - 7'200'000'000'000);
    CHECK(ns_of("now-1d") == now.ns - 86'400'000'000'000);
    CHECK(ns_of("now-3w") == now.ns - 3 * 7 * 86'400'000'000'000);
    for (const char* text :
         {"now-", "now-m", "now-5", "now-5y", "now-5m ", "now+5m", "now--5m", "now 5m", "nowish",
          "now-99999999w", "now-9223372036854775808s", "now-99999999999999999999s", "Now"}) {
        CAPTURE(text);
        CHECK_FALSE(ns_of(text));
    }
}

TEST_CASE("what is no moment is nothing") {
    for (const char* text : {"",
                             " ",
                             "2026",
                             "2026-11",
                             "2026-11-21",
                             "2026-11-21T",
                             "2026-11-21T14",
                             "yesterday",
                             "2026-11-21T14:",
                             "2026-11-21T14:7",
                             "2026-11-21T14:07:",
                             "2026-11-21T14:07:3",
                             "2026-11-21T14:07-32",
                             "2026-11-21T14-07:32",
                             "2026-11-21T24:00:00Z",
                             "2026-11-21T14:60:00Z",
                             "2026-11-21T14:07:60Z",
                             "2026-13-01T00:00Z",
                             "2026-00-01T00:00Z",
                             "2026-01-00T00:00Z",
                             "2026-04-31T00:00Z",
                             "2026-11-21T14:07:32ZZ",
                             "2026-11-21T14:07:32 Z",
                             "2026-11-21T14:07:32+2",
                             "2026-11-21T14:07:32+02",
                             "2026-11-21T14:07:32+02:0",
                             "2026-11-21T14:07:32+24:00",
                             "2026-11-21T14:07:32+02:60",
                             " 2026-11-21T14:07:32Z",
                             "2026-11-21T14:07:32Z ",
                             "26-11-21T14:07Z",
                             "-2026-11-21T14:07Z",
                             "+026-11-21T14:07Z",
                             "2026-1-21T14:07Z",
                             "2026/11/21 14:07",
                             "2026-11-21_14:07",
                             "20261121T140700Z",
                             "2026-11-21T14:07:32,5Z",
                             "2026-11-21T+4:07",
                             "latest"}) {
        CAPTURE(text);
        CHECK_FALSE(ns_of(text));
    }
    CHECK_FALSE(ns_of(std::string_view("2026-11-21T14:07:32Z\0", 21)));
}

TEST_CASE("times that 64 bits of nanoseconds cannot hold are nothing") {
    CHECK(ns_of("1677-09-21T00:12:43.145224192Z") == ns_min);
    CHECK_FALSE(ns_of("1677-09-21T00:12:43.145224191Z"));
    CHECK(ns_of("2262-04-11T23:47:16.854775807Z") == ns_max);
    CHECK_FALSE(ns_of("2262-04-11T23:47:16.854775808Z"));
    CHECK(ns_of("2262-04-12T00:47:16.854775807+01:00") == ns_max);
    CHECK_FALSE(ns_of("0000-01-01T00:00Z"));
    CHECK_FALSE(ns_of("9999-12-31T23:59Z"));
    CHECK(Timestamp::from_seconds(std::numeric_limits<std::int64_t>::max()).ns == ns_max);
    CHECK(Timestamp::from_seconds(std::numeric_limits<std::int64_t>::min(), 5).ns == ns_min);
    CHECK(Timestamp::from_seconds(-1, 999'999'999).ns == -1);
}

TEST_CASE("text changed at random is read without harm, and never read as something longer") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    const std::string alphabet = "0123456789-:.TZ +now smhdw\xff";
    for (int i = 0; i < 100'000; ++i) {
        std::string text = to_rfc3339({static_cast<std::int64_t>(random.next())});
        for (std::uint64_t edits = 1 + random.below(3); edits > 0; --edits) {
            text[random.below(text.size())] = alphabet[random.below(alphabet.size())];
        }
        if (random.below(4) == 0) text.resize(random.below(text.size()));
        auto time = parse_time(text, now);
        if (!time) continue;
        CAPTURE(text);
        REQUIRE(text.size() >= 16);
        REQUIRE(parse_time(to_rfc3339(*time), now) == time);
    }
}

TEST_CASE("clocks: one goes, one stands still until it is set") {
    Timestamp first = SystemClock().now();
    CHECK(first > Timestamp::from_seconds(1'700'000'000));
    CHECK(SystemClock().now() >= first);
    VirtualClock clock(now);
    CHECK(clock.now() == now);
    clock.set(now + seconds(5));
    CHECK(clock.now() - now == Duration{5'000'000'000});
}

TEST_CASE("durations are a whole number and a unit") {
    CHECK(parse_duration("90s") == seconds(90));
    CHECK(parse_duration("36h") == seconds(36 * 3600));
    CHECK(parse_duration("2w") == seconds(14 * 86400));
    for (const char* bad : {"", "7", "d", "-7d", "7d ", "1y", "99999999999d", "1.5h"})
        CHECK_FALSE(parse_duration(bad));
    for (const char* text : {"0s", "1s", "90s", "15m", "36h", "8d", "2w"})
        CHECK(to_text(parse_duration(text).value()) == text);
}
