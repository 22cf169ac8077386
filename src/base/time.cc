// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/time.h>

#include <chrono>
#include <limits>

namespace yore {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t ns_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t ns_min = std::numeric_limits<std::int64_t>::min();

/// seconds * 10^9 + nanoseconds (0 <= nanoseconds < 10^9). Out of range: nullopt.
std::optional<std::int64_t> combine(std::int64_t seconds, std::int64_t nanoseconds) {
    if (seconds < 0 && nanoseconds > 0) {  // so that the first second of the range is reached
        seconds += 1;
        nanoseconds -= ns_per_second;
    }
    std::int64_t ns = 0;
    if (__builtin_mul_overflow(seconds, ns_per_second, &ns)) return std::nullopt;
    if (__builtin_add_overflow(ns, nanoseconds, &ns)) return std::nullopt;
    return ns;
}

std::string format_time(Timestamp time, char separator) {
    std::int64_t fraction = time.ns % ns_per_second;
    std::int64_t second = time.ns / ns_per_second;
    if (fraction < 0) {  // round down, so that the fraction counts forward before 1970 too
        fraction += ns_per_second;
        second -= 1;
    }
    const std::chrono::sys_seconds point{std::chrono::seconds{second}};
    const auto day = std::chrono::floor<std::chrono::days>(point);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{point - day};
    std::string text =
        fmt::format("{:04}-{:02}-{:02}T{:02}{}{:02}{}{:02}", int{date.year()},
                    unsigned{date.month()}, unsigned{date.day()}, clock.hours().count(), separator,
                    clock.minutes().count(), separator, clock.seconds().count());
    if (fraction % 1000 != 0) {
        text += fmt::format(".{:09}", fraction);
    } else if (fraction % 1'000'000 != 0) {
        text += fmt::format(".{:06}", fraction / 1000);
    } else if (fraction != 0) {
        text += fmt::format(".{:03}", fraction / 1'000'000);
    }
    return text + 'Z';
}

/// Takes a text apart from its front. Whatever fails leaves the reader where it was.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }
    char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
    bool take(std::string_view prefix) {
        if (!rest_.starts_with(prefix)) return false;
        rest_.remove_prefix(prefix.size());
        return true;
    }
    /// One of `characters`; none of them: nullopt.
    std::optional<char> take_one_of(std::string_view characters) {
        if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
            return std::nullopt;
        }
        char found = rest_.front();
        rest_.remove_prefix(1);
        return found;
    }
    /// All digits that come, at most 18: no overflow.
    std::string_view take_digits() {
        std::size_t count = 0;
        while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') ++count;
        if (count > 18) return {};
        auto digits = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return digits;
    }
    /// Exactly `digits` digits, with a value from `low` to `high`.
    std::optional<int> take_number(std::size_t digits, int low, int high) {
        if (rest_.size() < digits) return std::nullopt;
        int value = 0;
        for (char c : rest_.substr(0, digits)) {
            if (c < '0' || c > '9') return std::nullopt;
            value = value * 10 + (c - '0');
        }
        if (value < low || value > high) return std::nullopt;
        rest_.remove_prefix(digits);
        return value;
    }

  private:
    std::string_view rest_;
};

std::int64_t value_of(std::string_view digits) {
    std::int64_t value = 0;
    for (char c : digits) value = value * 10 + (c - '0');
    return value;
}

/// `2026-11-21`, as seconds since the epoch.
std::optional<std::int64_t> take_date(Reader& reader) {
    using std::chrono::day, std::chrono::month, std::chrono::year;
    auto y = reader.take_number(4, 0, 9999);
    if (!y || !reader.take("-")) return std::nullopt;
    auto m = reader.take_number(2, 1, 12);
    if (!m || !reader.take("-")) return std::nullopt;
    auto d = reader.take_number(2, 1, 31);
    if (!d) return std::nullopt;
    const std::chrono::year_month_day date{year{*y}, month{static_cast<unsigned>(*m)},
                                           day{static_cast<unsigned>(*d)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::seconds(std::chrono::sys_days{date}.time_since_epoch()).count();
}

/// A date, `today` or `yesterday` (of UTC), as seconds since the epoch.
std::optional<std::int64_t> take_day(Reader& reader, Timestamp now) {
    constexpr std::int64_t day = 86400;
    const std::int64_t second = now.ns / ns_per_second - (now.ns % ns_per_second < 0 ? 1 : 0);
    const std::int64_t today = second - (second % day + day) % day;
    if (reader.take("today")) return today;
    if (reader.take("yesterday")) return today - day;
    return take_date(reader);
}

struct TimeOfDay {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
};

/// `.719573`: 1 to 9 digits. No dot: 0.
std::optional<std::int64_t> take_fraction(Reader& reader) {
    if (!reader.take(".")) return 0;
    auto digits = reader.take_digits();
    if (digits.empty() || digits.size() > 9) return std::nullopt;
    std::int64_t value = value_of(digits);
    for (std::size_t i = digits.size(); i < 9; ++i) value *= 10;
    return value;
}

/// `14:07`, `14:07:32.719573`, or with `-` both times.
std::optional<TimeOfDay> take_time_of_day(Reader& reader) {
    auto hour = reader.take_number(2, 0, 23);
    if (!hour) return std::nullopt;
    auto separator = reader.take_one_of(":-");
    if (!separator) return std::nullopt;
    auto minute = reader.take_number(2, 0, 59);
    if (!minute) return std::nullopt;
    TimeOfDay time{*hour * 3600 + *minute * 60, 0};
    if (!reader.take(std::string_view(&*separator, 1))) return time;
    auto second = reader.take_number(2, 0, 59);
    if (!second) return std::nullopt;
    auto fraction = take_fraction(reader);
    if (!fraction) return std::nullopt;
    time.seconds += *second;
    time.nanoseconds = *fraction;
    return time;
}

/// `Z`, `+02:00`, `+0200`, or nothing: seconds east of UTC.
std::optional<std::int64_t> take_zone(Reader& reader) {
    if (reader.at_end() || reader.take_one_of("Zz")) return 0;
    auto sign = reader.take_one_of("+-");
    if (!sign) return std::nullopt;
    auto hours = reader.take_number(2, 0, 23);
    if (!hours) return std::nullopt;
    reader.take(":");
    auto minutes = reader.take_number(2, 0, 59);
    if (!minutes) return std::nullopt;
    std::int64_t offset = *hours * 3600 + *minutes * 60;
    return *sign == '-' ? -offset : offset;
}

std::optional<std::int64_t> seconds_in(char unit) {
    switch (unit) {
        case 's':
            return 1;
        case 'm':
            return 60;
        case 'h':
            return 3600;
        case 'd':
            return 86400;
        case 'w':
            return 7 * 86400;
        default:
            return std::nullopt;
    }
}

std::optional<Duration> take_duration(Reader& reader) {
    auto digits = reader.take_digits();
    auto unit = reader.take_one_of("smhdw");
    if (digits.empty() || !unit || !reader.at_end()) return std::nullopt;
    Duration duration;
    if (__builtin_mul_overflow(value_of(digits), *seconds_in(*unit) * ns_per_second, &duration.ns))
        return std::nullopt;
    return duration;
}

/// What follows `now`: nothing, or `-5m`.
std::optional<Timestamp> parse_relative(Reader& reader, Timestamp now) {
    if (reader.at_end()) return now;
    if (!reader.take("-")) return std::nullopt;
    auto ago = take_duration(reader);
    Timestamp time;
    if (!ago || __builtin_sub_overflow(now.ns, ago->ns, &time.ns)) return std::nullopt;
    return time;
}

}  // namespace

Timestamp Timestamp::from_seconds(std::int64_t seconds, std::uint32_t nanoseconds) {
    YORE_ENSURE(nanoseconds < ns_per_second);
    auto ns = combine(seconds, nanoseconds);
    return {ns ? *ns : seconds < 0 ? ns_min : ns_max};
}

std::string to_rfc3339(Timestamp time) {
    return format_time(time, ':');
}
std::string to_name(Timestamp time) {
    return format_time(time, '-');
}

std::optional<Timestamp> parse_time(std::string_view text, Timestamp now) {
    Reader reader(text);
    if (reader.take("now")) return parse_relative(reader, now);
    auto date = take_day(reader, now);
    if (!date || !reader.take_one_of("Tt ")) return std::nullopt;
    auto time = take_time_of_day(reader);
    if (!time) return std::nullopt;
    auto zone = take_zone(reader);
    if (!zone || !reader.at_end()) return std::nullopt;
    auto ns = combine(*date + time->seconds - *zone, time->nanoseconds);
    if (!ns) return std::nullopt;
    return Timestamp{*ns};
}

std::optional<Duration> parse_duration(std::string_view text) {
    Reader reader(text);
    return take_duration(reader);
}

std::string to_text(Duration duration) {
    const std::int64_t whole = duration.ns / ns_per_second;
    for (char unit : {'w', 'd', 'h', 'm'}) {
        const std::int64_t in_unit = *seconds_in(unit);
        if (whole != 0 && whole % in_unit == 0) return fmt::format("{}{}", whole / in_unit, unit);
    }
    return fmt::format("{}s", whole);
}

Timestamp SystemClock::now() const {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::nanoseconds(since_epoch).count()};
}

}  // namespace yore
