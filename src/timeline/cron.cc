// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/timeline/cron.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <span>
#include <vector>

namespace yore::timeline {
namespace {

using std::chrono::days, std::chrono::hours, std::chrono::minutes;
using std::chrono::local_days, std::chrono::local_seconds;

constexpr Timestamp end_of_time{std::numeric_limits<std::int64_t>::max()};
/// 29 February may be eight years away, over a year such as 2100.
constexpr days longest_wait{9 * 366};

constexpr std::array month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                 "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldKind {
    const char* name;
    unsigned low, high;
    std::span<const char* const> names = {};  ///< the first stands for `low`
};
constexpr std::array<FieldKind, 5> field_kinds{{{"minute", 0, 59},
                                                {"hour", 0, 23},
                                                {"day of month", 1, 31},
                                                {"month", 1, 12, month_names},
                                                {"day of week", 0, 7, weekday_names}}};

struct Macro {
    std::string_view name, line;
};
constexpr std::array macros{Macro{"@yearly", "0 0 1 1 *"},  Macro{"@annually", "0 0 1 1 *"},
                            Macro{"@monthly", "0 0 1 * *"}, Macro{"@weekly", "0 0 * * 0"},
                            Macro{"@daily", "0 0 * * *"},   Macro{"@midnight", "0 0 * * *"},
                            Macro{"@hourly", "0 * * * *"}};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find_first_of(separators);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

/// Reads one field of a line; its errors name the field and the piece that is wrong.
class Field {
  public:
    Field(const FieldKind& kind, std::string_view text) : kind_(kind) {
        for (const std::string_view piece : split(text, ",")) take(piece);
    }
    bool has(unsigned value) const { return values_[value]; }

  private:
    [[noreturn]] void refuse(std::string_view piece, const std::string& why) const {
        throw Error(Errc::invalid, fmt::format("cron: {} `{}`: {}", kind_.name, piece, why));
    }
    unsigned number(std::string_view piece, std::string_view text) const {
        unsigned value = 0;
        for (const char c : text) {
            if (c < '0' || c > '9' || text.size() > 4) refuse(piece, "not a number or a range");
            value = value * 10 + static_cast<unsigned>(c - '0');
        }
        if (text.empty()) refuse(piece, "a number is missing");
        return value;
    }
    unsigned value(std::string_view piece, std::string_view text) const {
        std::string lower(text);
        std::ranges::transform(lower, lower.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const auto named = std::ranges::find(kind_.names, lower);
        if (named != kind_.names.end())
            return kind_.low + static_cast<unsigned>(named - kind_.names.begin());
        const unsigned found = number(piece, text);
        if (found < kind_.low || found > kind_.high)
            refuse(piece, fmt::format("not from {} to {}", kind_.low, kind_.high));
        return found;
    }
    /// `*`, `5`, `1-5`, and the first and last of these with a step.
    void take(std::string_view piece) {
        const auto slash = piece.find('/');
        const std::string_view range = piece.substr(0, slash);
        const auto dash = range.find('-');
        unsigned first = kind_.low, last = kind_.high, step = 1;
        if (range != "*") {
            first = last = value(piece, range.substr(0, dash));
            if (dash != std::string_view::npos) last = value(piece, range.substr(dash + 1));
        }
        if (last < first) refuse(piece, "the range ends before it begins");
        if (slash != std::string_view::npos) {
            if (range != "*" && dash == std::string_view::npos)
                refuse(piece, "a step needs a range before it, such as */2 or 8-18/2");
            step = number(piece, piece.substr(slash + 1));
            if (step == 0) refuse(piece, "a step of 0");
        }
        for (unsigned at = first; at <= last; at += step) values_.set(at);
    }

    const FieldKind& kind_;
    std::bitset<60> values_;
};

std::vector<std::string_view> words_of(std::string_view line) {
    auto words = split(line, " \t");
    std::erase(words, "");
    return words;
}

std::string_view without_macro(std::string_view line) {
    const auto words = words_of(line);
    if (words.size() != 1 || !words[0].starts_with('@')) return line;
    const auto macro = std::ranges::find(macros, words[0], &Macro::name);
    if (macro == macros.end())
        throw Error(Errc::invalid, fmt::format("cron: {} is not known", words[0]),
                    {"@hourly, @daily, @weekly, @monthly, @yearly, or five fields"});
    return macro->line;
}

template <std::size_t Size>
std::optional<std::size_t> first_from(const std::bitset<Size>& set, std::size_t from) {
    for (std::size_t at = from; at < Size; ++at)
        if (set[at]) return at;
    return std::nullopt;
}

/// At the end of time: that.
Timestamp whole_second_behind(Timestamp time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds(time.ns));
    return Timestamp::from_seconds(second.count() + 1);
}

}  // namespace

Cron Cron::parse(std::string_view line) {
    const auto words = words_of(without_macro(line));
    if (words.size() != field_kinds.size())
        throw Error(Errc::invalid,
                    fmt::format("cron: `{}` has {} fields, not 5", line, words.size()),
                    {"minute hour day-of-month month day-of-week, such as `30 2 * * *`: each day "
                     "at 02:30"});
    Cron cron;
    const auto read = [&](std::size_t place, auto& set) {
        const Field field(field_kinds[place], words[place]);
        for (unsigned at = field_kinds[place].low; at < set.size(); ++at) set[at] = field.has(at);
        return field;
    };
    read(0, cron.minutes_);
    read(1, cron.hours_);
    read(2, cron.days_);
    read(3, cron.months_);
    if (read(4, cron.weekdays_).has(7)) cron.weekdays_.set(0);
    cron.either_day_ = !words[2].starts_with('*') && !words[4].starts_with('*');
    if (!cron.has_some_day())
        throw Error(Errc::invalid, fmt::format("cron: `{}`: no year has such a day", line));
    return cron;
}

/// A day of the week comes in every month; a day of the month may not.
bool Cron::has_some_day() const {
    if (either_day_) return true;
    for (unsigned month = 1; month <= 12; ++month) {
        const std::chrono::year_month_day_last last{
            std::chrono::year(2000), std::chrono::month_day_last(std::chrono::month(month))};
        const auto day = first_from(days_, 1);
        if (months_[month] && day && *day <= unsigned{last.day()}) return true;
    }
    return false;
}

bool Cron::has(local_days day) const {
    const std::chrono::year_month_day date(day);
    if (!months_[unsigned{date.month()}]) return false;
    const bool by_day = days_[unsigned{date.day()}];
    const bool by_weekday = weekdays_[std::chrono::weekday(day).c_encoding()];
    return either_day_ ? by_day || by_weekday : by_day && by_weekday;
}

/// From minute `from` of a day on.
std::optional<minutes> Cron::next_of_day(minutes from) const {
    const auto hour = static_cast<std::size_t>(from / hours(1));
    const auto minute = static_cast<std::size_t>((from % hours(1)).count());
    const auto at_once = hours_[hour] ? first_from(minutes_, minute) : std::nullopt;
    const auto later = first_from(hours_, hour + 1);
    if (at_once) return hours(hour) + minutes(*at_once);
    if (later) return hours(*later) + minutes(*first_from(minutes_, 0));
    return std::nullopt;
}

/// The first time that the line names, at `from` (a whole minute) or after it.
std::optional<local_seconds> Cron::next_local(local_seconds from) const {
    const auto first_day = std::chrono::floor<days>(from);
    for (auto day = first_day; day <= first_day + longest_wait; day += days(1)) {
        const auto so_far = day == first_day ? from - first_day : std::chrono::seconds(0);
        if (!has(day)) continue;
        if (const auto found = next_of_day(std::chrono::floor<minutes>(so_far)))
            return day + *found;
    }
    return std::nullopt;
}

std::optional<Timestamp> Cron::next_after(Timestamp after, const Zone& zone) const {
    const auto found = hours_.all() ? next_of_interval(after, zone) : next_time_of_day(after, zone);
    return found && *found < end_of_time ? found : std::nullopt;
}

/// When a clock first shows a time never goes back from one time to the next, so the first that
/// is late enough is the one.
std::optional<Timestamp> Cron::next_time_of_day(Timestamp after, const Zone& zone) const {
    auto local = next_local(std::chrono::floor<minutes>(zone.local(after)));
    while (local && zone.first(*local) <= after && zone.first(*local) < end_of_time)
        local = next_local(*local + minutes(1));
    if (!local) return std::nullopt;
    return zone.first(*local);
}

/// From one change of the clock to the next, its time and the true one run together.
std::optional<Timestamp> Cron::next_of_interval(Timestamp after, const Zone& zone) const {
    Timestamp from = whole_second_behind(after);
    while (from < end_of_time) {
        const Timestamp change = zone.next_change(from);
        const auto shown = zone.local(from);
        const auto local = next_local(std::chrono::ceil<minutes>(shown));
        if (!local) return std::nullopt;
        const std::chrono::seconds wait = *local - shown;
        if (wait < std::chrono::nanoseconds(change.ns - from.ns))
            return from + seconds(wait.count());
        from = change;
    }
    return std::nullopt;
}

}  // namespace yore::timeline
