// SPDX-License-Identifier: Apache-2.0
//
// Times that crontab lines name, against a model that looks at the C library's clock minute by
// minute.
#include <yore/timeline/cron.h>
#include <yore/timeline/schedule.h>

#include <cstdlib>
#include <ctime>
#include <set>

#include <rapidcheck.h>

#include "../support.h"

using namespace yore;
using namespace yore::timeline;

namespace {

Timestamp at(std::string_view text) {
    return parse_time(text, {}).value();
}

/// The first due times after `from`, without their seconds.
std::vector<std::string> due(std::string_view line, std::string_view from, std::size_t count,
                             const std::string& zone = "UTC") {
    const Cron cron = Cron::parse(line);
    const Zone clock = Zone::named(zone);
    std::vector<std::string> times;
    std::optional<Timestamp> next = at(from);
    while (times.size() < count && (next = cron.next_after(*next, clock)))
        times.push_back(to_rfc3339(*next).substr(0, 16));
    return times;
}
using Times = std::vector<std::string>;

std::string refusal(std::string_view line) {
    try {
        Cron::parse(line);
    } catch (const Error& error) {
        CHECK(error.code() == Errc::invalid);
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("the fields of a line are lists of numbers, names, ranges and steps") {
    CHECK(due("30 2 * * *", "2026-11-21T02:30Z", 2) ==
          Times{"2026-11-22T02:30", "2026-11-23T02:30"});
    CHECK(due("30 2 * * *", "2026-11-21T02:29:59.9Z", 1) == Times{"2026-11-21T02:30"});
    CHECK(due("*/20 8-9 * * *", "2026-11-21T08:20Z", 4) ==
          Times{"2026-11-21T08:40", "2026-11-21T09:00", "2026-11-21T09:20", "2026-11-21T09:40"});
    CHECK(due("1,5-7 0 1 jan,JUL *", "2026-11-21T00:00Z", 5) ==
          Times{"2027-01-01T00:01", "2027-01-01T00:05", "2027-01-01T00:06", "2027-01-01T00:07",
                "2027-07-01T00:01"});
    CHECK(due("0 12 * * mon-wed/2", "2026-11-21T00:00Z", 3) ==
          Times{"2026-11-23T12:00", "2026-11-25T12:00", "2026-11-30T12:00"});
    CHECK(due("0 0 * * 7", "2026-11-21T00:00Z", 1) == Times{"2026-11-22T00:00"});
    CHECK(due("  0\t0 * * Sun ", "2026-11-21T00:00Z", 1) == Times{"2026-11-22T00:00"});
}

TEST_CASE("two day fields are alternatives unless one begins with a star") {
    CHECK(due("0 0 1 * fri", "2026-11-21T00:00Z", 3) ==
          Times{"2026-11-27T00:00", "2026-12-01T00:00", "2026-12-04T00:00"});
    CHECK(due("0 0 */2 * fri", "2026-11-21T00:00Z", 2) ==
          Times{"2026-11-27T00:00", "2026-12-11T00:00"});
}

TEST_CASE("a name stands for a whole line") {
    CHECK(due("@hourly", "2026-11-21T00:30Z", 1) == Times{"2026-11-21T01:00"});
    CHECK(due("@daily", "2026-11-21T00:30Z", 1) == Times{"2026-11-22T00:00"});
    CHECK(due("@midnight", "2026-11-21T00:30Z", 1) == Times{"2026-11-22T00:00"});
    CHECK(due("@weekly", "2026-11-21T00:30Z", 1) == Times{"2026-11-22T00:00"});
    CHECK(due("@monthly", "2026-11-21T00:30Z", 1) == Times{"2026-12-01T00:00"});
    CHECK(due("@yearly", "2026-11-21T00:30Z", 1) == Times{"2027-01-01T00:00"});
}

TEST_CASE("rare days are found, and none behind the end of time") {
    CHECK(due("0 0 29 2 *", "2096-02-29T00:00Z", 1) == Times{"2104-02-29T00:00"});
    CHECK(due("0 0 31 * *", "2026-11-21T00:00Z", 1) == Times{"2026-12-31T00:00"});
    CHECK(due("0 0 1 1 *", "2262-04-01T00:00Z", 1).empty());
    CHECK(due("* * * * *", "2262-04-11T23:47:16Z", 1).empty());
    CHECK(due("* * * * *", "2262-04-11T23:46:16Z", 1) == Times{"2262-04-11T23:47"});
}

TEST_CASE("a wrong line is refused with what is wrong in it") {
    CHECK(refusal("* * * *") == "cron: `* * * *` has 4 fields, not 5");
    CHECK(refusal("60 * * * *") == "cron: minute `60`: not from 0 to 59");
    CHECK(refusal("* 24 * * *") == "cron: hour `24`: not from 0 to 23");
    CHECK(refusal("* * 0 * *") == "cron: day of month `0`: not from 1 to 31");
    CHECK(refusal("* * * foo *") == "cron: month `foo`: not a number or a range");
    CHECK(refusal("* * * * 8") == "cron: day of week `8`: not from 0 to 7");
    CHECK(refusal("5-1 * * * *") == "cron: minute `5-1`: the range ends before it begins");
    CHECK(refusal("*/0 * * * *") == "cron: minute `*/0`: a step of 0");
    CHECK(refusal("5/2 * * * *") ==
          "cron: minute `5/2`: a step needs a range before it, such as */2 or 8-18/2");
    CHECK(refusal("1,,2 * * * *") == "cron: minute ``: a number is missing");
    CHECK(refusal("1- * * * *") == "cron: minute `1-`: a number is missing");
    CHECK(refusal("99999999999 * * * *") == "cron: minute `99999999999`: not a number or a range");
    CHECK(refusal("0 0 31 2,4,6 *") == "cron: `0 0 31 2,4,6 *`: no year has such a day");
    CHECK(refusal("@reboot") == "cron: @reboot is not known");
    CHECK(refusal("") == "cron: `` has 0 fields, not 5");
}

TEST_CASE("a time of day that is skipped is due once, when the clock has been put forward") {
    const std::string zone = "Europe/Berlin";  // 02:00 becomes 03:00 at 01:00 UTC
    CHECK(due("30 2 * * *", "2027-03-27T12:00Z", 2, zone) ==
          Times{"2027-03-28T01:00", "2027-03-29T00:30"});
    CHECK(due("*/15 2 * * *", "2027-03-27T12:00Z", 2, zone) ==
          Times{"2027-03-28T01:00", "2027-03-29T00:00"});
    CHECK(due("0 2,3 * * *", "2027-03-27T12:00Z", 2, zone) ==
          Times{"2027-03-28T01:00", "2027-03-29T00:00"});
}

TEST_CASE("a time of day that comes twice is due once, the first time") {
    const std::string zone = "Europe/Berlin";  // 03:00 becomes 02:00 at 01:00 UTC
    CHECK(due("30 2 * * *", "2026-10-24T12:00Z", 2, zone) ==
          Times{"2026-10-25T00:30", "2026-10-26T01:30"});
    CHECK(due("30 2 * * *", "2026-10-25T00:45Z", 1, zone) == Times{"2026-10-26T01:30"});
}

TEST_CASE("a line of every hour is an interval, whatever is done to the clock") {
    CHECK(due("30 * * * *", "2026-10-24T23:30Z", 3, "Europe/Berlin") ==
          Times{"2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"});
    CHECK(due("30 * * * *", "2027-03-28T00:00Z", 2, "Europe/Berlin") ==
          Times{"2027-03-28T00:30", "2027-03-28T01:30"});
    // Half an hour back, at 15:00 UTC.
    CHECK(due("0 * * * *", "2027-04-03T13:30Z", 3, "Australia/Lord_Howe") ==
          Times{"2027-04-03T14:00", "2027-04-03T15:30", "2027-04-03T16:30"});
}

namespace {

// The model.

/// The C library's wall clock of a zone.
class LibcClock {
  public:
    explicit LibcClock(const std::string& zone) {
        ::setenv("TZ", zone.c_str(), 1);
        ::tzset();
    }
    ~LibcClock() {
        ::unsetenv("TZ");
        ::tzset();
    }
    std::tm shown(std::time_t second) const {
        std::tm parts{};
        ::localtime_r(&second, &parts);
        return parts;
    }
};

struct Line {
    std::set<int> minutes, hours, days, months, weekdays;  ///< empty: a star

    static std::string text(const std::set<int>& values) {
        if (values.empty()) return "*";
        std::string list;
        for (const int value : values) list += (list.empty() ? "" : ",") + std::to_string(value);
        return list;
    }
    std::string text() const {
        return text(minutes) + " " + text(hours) + " " + text(days) + " " + text(months) + " " +
               text(weekdays);
    }
    static bool fits(const std::set<int>& values, int value) {
        return values.empty() || values.contains(value);
    }
    bool names(const std::tm& time) const {
        const bool day = fits(days, time.tm_mday), weekday = fits(weekdays, time.tm_wday);
        return fits(minutes, time.tm_min) && fits(hours, time.tm_hour) &&
               fits(months, time.tm_mon + 1) &&
               (days.empty() || weekdays.empty() ? day && weekday : day || weekday);
    }
    bool is_interval() const { return hours.empty() || hours.size() == 24; }
};

/// Every minute from `first` on for `count` minutes: which are due. Looks from a day before, to
/// know what the clock has shown already.
std::vector<std::time_t> model(const Line& line, const LibcClock& clock, std::time_t first,
                               int count) {
    std::vector<std::time_t> due;
    std::set<std::time_t> seen;  // shown minutes, as if they were UTC
    std::time_t before = 0;
    for (std::time_t now = first - 86'400; now < first + 60 * count; now += 60) {
        std::tm time = clock.shown(now);
        const std::time_t shown = ::timegm(&time);
        bool is_due = line.names(time) && (line.is_interval() || !seen.contains(shown));
        for (std::time_t skipped = before + 60; before != 0 && skipped < shown; skipped += 60) {
            std::tm parts{};
            ::gmtime_r(&skipped, &parts);
            is_due = is_due || (!line.is_interval() && line.names(parts));
        }
        seen.insert(shown);
        before = shown;
        if (is_due && now >= first) due.push_back(now);
    }
    return due;
}

rc::Gen<std::set<int>> some(int low, int high, std::size_t most) {
    return rc::gen::resize(static_cast<int>(most),
                           rc::gen::container<std::set<int>>(rc::gen::inRange(low, high + 1)));
}

struct Place {
    const char* zone;
    const char* change;
};
// Put forward and back, by an hour and by half of one, before midnight and at it, and a whole day.
constexpr Place places[] = {
    {"UTC", "2026-11-21T00:00Z"},
    {"Europe/Berlin", "2027-03-28T01:00Z"},
    {"Europe/Berlin", "2026-10-25T01:00Z"},
    {"America/New_York", "2026-11-01T06:00Z"},
    {"America/Havana", "2026-11-01T05:00Z"},
    {"America/Santiago", "2026-09-06T04:00Z"},
    {"Australia/Lord_Howe", "2026-10-03T15:30Z"},
    {"Australia/Lord_Howe", "2027-04-03T15:00Z"},
    {"Pacific/Apia", "2011-12-30T10:00Z"},
};

}  // namespace

TEST_CASE("the times of any line are those of a look at the clock each minute") {
    rc::check([] {
        const Line line{*some(0, 59, 6), *some(0, 23, 24), *some(1, 31, 4), *some(1, 12, 8),
                        *some(0, 6, 3)};
        const Place place =
            *rc::gen::elementOf(std::vector<Place>(std::begin(places), std::end(places)));
        const LibcClock clock(place.zone);
        const std::time_t first =
            at(place.change).ns / 1'000'000'000 + 60 * *rc::gen::inRange<std::time_t>(-1500, 200);
        RC_LOG() << line.text() << " by " << place.zone << " from " << first << '\n';
        std::optional<Cron> cron;
        try {
            cron = Cron::parse(line.text());
        } catch (const Error&) {
            RC_DISCARD("no year has such a day");
        }
        const Zone zone = Zone::named(place.zone);
        constexpr int minutes = 2000;
        Timestamp last = Timestamp::from_seconds(first) + Duration{-1};
        for (const std::time_t expected : model(line, clock, first, minutes)) {
            const auto next = cron->next_after(last, zone);
            RC_ASSERT(next == Timestamp::from_seconds(expected));
            last = *next;
        }
        const auto behind = cron->next_after(last, zone);
        RC_ASSERT(!behind || *behind >= Timestamp::from_seconds(first + 60 * minutes));
    });
}

TEST_CASE("a schedule is refused with its name when a part of it is wrong") {
    ScheduleSpec spec{.source = "home", .cron = "0 2 * * *", .zone = "Europe/Berlin"};
    CHECK(Schedule(spec).name() == "home");
    CHECK(Schedule(spec).next_after(at("2026-11-21T12:00Z")) == at("2026-11-22T01:00Z"));
    const auto refused = [](const ScheduleSpec& wrong) -> std::string {
        try {
            Schedule{wrong};
            return "";
        } catch (const Error& error) {
            return error.what();
        }
    };
    spec.cron = "0 25 * * *";
    CHECK(refused(spec) == "schedule home: cron: hour `25`: not from 0 to 23");
    spec.cron = "@daily";
    spec.zone = "Mars";
    CHECK(refused(spec) == "schedule home: there is no time zone Mars");
    spec.zone = "UTC";
    spec.task = ScheduledTask::collect;
    CHECK(refused(spec) == "a schedule of collect has no source: it is for the whole repository");
    spec.source = "";
    CHECK(Schedule(spec).name() == "collect");
    spec.task = ScheduledTask::prune;
    CHECK(refused(spec) == "a schedule of prune needs a source");
    CHECK(parse_on_failure(name_of(OnFailure::reschedule)) == OnFailure::reschedule);
    CHECK_THROWS_WITH(parse_on_previous_running("maybe"),
                      "on_previous_running: `maybe` is none of wait, skip");
}
