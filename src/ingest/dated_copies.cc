// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/ingest/dated_copies.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <regex>
#include <variant>

#include "ingest/directory_snapshot.h"
#include "ingest/listing.h"

namespace yore::ingest {
namespace {

using Name = std::match_results<std::string_view::const_iterator>;

/// 1 year, 3 month, 4 day, 5 hour, 7 minute, 8 second, 9 `Z`, 10 sign, 11 hours, 12 minutes.
const std::regex& dated_name() {
    static const std::regex form(
        R"((?:.*[^0-9])?((?:19|20)\d\d)([-._]?)(\d\d)\2(\d\d))"
        R"((?:[-_.T ]?(\d\d)([-:._]?)(\d\d)(?:\6(\d\d))?(?:(Z)|([-+])(\d\d):?(\d\d))?)?)");
    return form;
}

const std::regex& rotated_name() {
    static const std::regex form(R"([A-Za-z]+\.\d{1,5})");  // hourly.0, daily.6, alpha.1
    return form;
}

bool matches(std::string_view name, Name& found, const std::regex& form) {
    return std::regex_match(name.begin(), name.end(), found, form);
}

/// Digits; a group that is not there: 0.
int number(const Name& found, std::size_t group) {
    int value = 0;
    const std::string digits = found[group].str();
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

bool holds_date(std::string_view name) {
    static const std::regex form(R"((?:^|[^0-9])(?:19|20)\d\d([-._]?)\d\d\1\d\d)");
    return std::regex_search(name.begin(), name.end(), form);
}

/// Its time, or why it is no copy.
std::variant<Timestamp, std::string> time_of(const std::string& name, const FileStatus& status,
                                             const CopyRules& rules) {
    if (rules.times == CopyTimes::modified) return status.attributes.modified;
    if (const auto time = time_in_name(name, rules.zone)) return *time;
    Name found;
    const bool rotated = matches(name, found, rotated_name());
    if (rotated && rules.times == CopyTimes::usual) return status.attributes.modified;
    if (holds_date(name)) return "its name is not just a date and a time";
    return "its name holds no date";
}

/// What stands at a name, as a copy or not.
std::variant<Timestamp, std::string> look_at(const Fd& directory, const std::string& name,
                                             const CopyRules& rules) {
    FileStatus status;
    if (const int error = status_at(directory.get(), name.c_str(), status)) return reason_of(error);
    if (status.attributes.kind == tree::FileKind::symlink) return "a link";
    if (status.attributes.kind != tree::FileKind::directory) return "not a directory";
    if (name.front() == '.') return "hidden";
    auto time = time_of(name, status, rules);
    if (std::holds_alternative<Timestamp>(time) && !rules.subdirectory.empty() &&
        !open_below(directory.get(), join_path(name, rules.subdirectory)))
        return fmt::format("it has no directory {}", rules.subdirectory);
    return time;
}

}  // namespace

std::optional<Timestamp> time_in_name(std::string_view name, const Zone& zone) {
    namespace chrono = std::chrono;
    Name found;
    if (!matches(name, found, dated_name())) return std::nullopt;
    const chrono::year_month_day date{chrono::year{number(found, 1)},
                                      chrono::month{static_cast<unsigned>(number(found, 3))},
                                      chrono::day{static_cast<unsigned>(number(found, 4))}};
    const int hour = number(found, 5), minute = number(found, 7), second = number(found, 8);
    const int ahead_hours = number(found, 11), ahead_minutes = number(found, 12);
    if (!date.ok() || hour > 23 || minute > 59 || second > 59 || ahead_hours > 23 ||
        ahead_minutes > 59)
        return std::nullopt;
    const chrono::local_seconds local = chrono::local_days{date} + chrono::hours{hour} +
                                        chrono::minutes{minute} + chrono::seconds{second};
    if (!found[9].matched && !found[10].matched) return zone.first(local);
    const chrono::seconds ahead = chrono::hours{ahead_hours} + chrono::minutes{ahead_minutes};
    const bool west = found[10].matched && found[10].str() == "-";
    return Timestamp::from_seconds((local.time_since_epoch() - (west ? -ahead : ahead)).count());
}

FoundCopies find_copies(const std::string& directory, const CopyRules& rules) {
    const Fd fd = open_source(directory);
    Listing listing;
    Buffer buffer(64u << 10);
    if (const int error = listing.read(fd.get(), buffer.span()))
        throw system_error("list", directory, error);
    FoundCopies found;
    for (std::size_t i = 0; i < listing.size(); ++i) {
        const std::string name(listing.name(i));
        const auto what = look_at(fd, name, rules);
        if (const auto* time = std::get_if<Timestamp>(&what))
            found.copies.push_back({name, *time});
        else
            found.left_out.push_back({name, std::get<std::string>(what)});
    }
    std::ranges::stable_sort(found.copies, {}, &DatedCopy::time);
    return found;
}

std::vector<CopyVerdict> judge_copies(const std::vector<DatedCopy>& copies,
                                      const std::vector<catalog::Snapshot>& stored, Timestamp now) {
    std::map<Timestamp, std::size_t> known;
    for (const catalog::Snapshot& snapshot : stored) ++known[snapshot.started];
    std::vector<CopyVerdict> verdicts;
    for (const DatedCopy& copy : copies) {
        const auto second = catalog::SnapshotName::after(std::nullopt, copy.time).second;
        auto& same = known[copy.time];
        if (same > 0) {
            --same;
            verdicts.push_back(CopyVerdict::present);
        } else if (!stored.empty() && second < stored.back().name.second) {
            verdicts.push_back(CopyVerdict::too_old);
        } else {
            verdicts.push_back(copy.time > now ? CopyVerdict::in_future : CopyVerdict::take);
        }
    }
    return verdicts;
}

}  // namespace yore::ingest
