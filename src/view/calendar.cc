// SPDX-License-Identifier: Apache-2.0
/// The calendar below SOURCE/at: days, hours and minutes that have a restore point, and for each
/// second a link to its last one. A listing goes backwards from restore point to restore point, so
/// that it costs what it lists.
#include <yore/base/error.h>

#include <algorithm>

#include "view/state.h"

namespace yore::view {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::uint32_t day_seconds = 24 * 3600, hour_seconds = 3600, minute_seconds = 60;
constexpr std::uint64_t first_day_cookie = 1u << 20, last_cookie = (1ull << 62) - 1;

std::uint32_t part_seconds(std::uint32_t whole) {
    if (whole == day_seconds) return hour_seconds;
    return whole == hour_seconds ? minute_seconds : 1;
}

Timestamp floor_to(Timestamp time, std::int64_t unit_seconds) {
    const std::int64_t unit = unit_seconds * ns_per_second;
    return {time.ns - ((time.ns % unit) + unit) % unit};
}

Timestamp end_of(Timestamp begin, std::uint32_t length) {
    return begin + seconds(length);
}

std::optional<std::uint32_t> two_digits(std::string_view name) {
    if (name.size() != 2 || name[0] < '0' || name[0] > '9' || name[1] < '0' || name[1] > '9')
        return std::nullopt;
    return static_cast<std::uint32_t>((name[0] - '0') * 10 + (name[1] - '0'));
}

Node calendar_node(const Identities& identities, std::uint32_t source, Timestamp begin,
                   std::uint32_t length) {
    Node node;
    node.kind = NodeKind::calendar;
    node.moving = true;
    node.source = source;
    node.moment = begin;
    node.ordinal = length;
    node.identity =
        identities.generated(NodeKind::calendar, source, fmt::format("{} {}", begin.ns, length));
    return node;
}

}  // namespace

std::optional<Node> View::State::find_day(const Node& at, std::string_view name) const {
    constexpr std::size_t date_bytes = 10;
    if (name.size() != date_bytes) return std::nullopt;
    const auto begin = parse_time(std::string(name) + "T00:00Z", Timestamp{});
    if (!begin ||
        !last_moment_in(records_of(at.source), *begin, end_of(*begin, day_seconds), clock.now()))
        return std::nullopt;
    return calendar_node(identities, at.source, *begin, day_seconds);
}

std::optional<Node> View::State::find_in_calendar(const Node& directory,
                                                  std::string_view name) const {
    const auto number = two_digits(name);
    const std::uint32_t length = part_seconds(directory.ordinal);
    if (!number || *number >= directory.ordinal / length) return std::nullopt;
    const Timestamp begin = end_of(directory.moment, *number * length);
    const auto last =
        last_moment_in(records_of(directory.source), begin, end_of(begin, length), clock.now());
    if (!last) return std::nullopt;
    if (length > 1) return calendar_node(identities, directory.source, begin, length);
    Node node;
    node.kind = NodeKind::calendar_link;
    node.moving = true;
    node.source = directory.source;
    const Timestamp end = std::min(Timestamp{end_of(begin, length).ns - 1}, clock.now());
    const auto opened = open_at(directory.source, timeline::Moment(end));
    put_moment(node, opened ? moment_meaning(*opened) : timeline::Moment(*last));
    node.identity = identities.generated(NodeKind::calendar_link, directory.source, to_name(*last));
    return node;
}

std::vector<GeneratedRow> View::State::calendar_rows(const Node& directory) const {
    const SourceRecords records = records_of(directory.source);
    const Timestamp now = clock.now();
    const bool is_at = directory.kind == NodeKind::at;
    const std::uint32_t length = is_at ? day_seconds : part_seconds(directory.ordinal);
    const Timestamp begin = is_at ? Timestamp{INT64_MIN} : directory.moment;
    Timestamp end = is_at ? Timestamp{INT64_MAX} : end_of(begin, directory.ordinal);
    std::vector<GeneratedRow> rows;
    while (const auto last = last_moment_in(records, begin, end, now)) {
        const Timestamp part = floor_to(*last, length);
        if (is_at) {
            const std::string name = to_name(part).substr(0, 10);
            const auto day = part.ns / ns_per_second / day_seconds;
            rows.push_back({static_cast<std::uint64_t>(day) + first_day_cookie, name});
        } else {
            const auto number = (part.ns - begin.ns) / ns_per_second / length;
            rows.push_back({static_cast<std::uint64_t>(number) + 1, fmt::format("{:02}", number)});
        }
        if (part.ns >= end.ns) break;
        end = part;
    }
    std::ranges::reverse(rows);
    if (is_at) rows.insert(rows.end(), {{last_cookie - 1, "earliest"}, {last_cookie, "latest"}});
    return rows;
}

}  // namespace yore::view
