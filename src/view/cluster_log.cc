// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/number.h>
#include <yore/view/cluster_log.h>

#include <algorithm>
#include <limits>

namespace yore::view {

using catalog::LogDemand;
using catalog::LogIncarnation;

namespace {

constexpr std::string_view tablespace_demand = "tablespace";

constexpr unsigned timeline_bits = 20;
constexpr std::uint32_t timeline_max = (1u << timeline_bits) - 1;
constexpr std::uint32_t system_max = 1u << (32 - timeline_bits);

}  // namespace

std::uint32_t incarnation_number(const SystemTimeline& line) {
    YORE_ENSURE(line.timeline.valid() && line.system > 0);
    if (line.timeline.value > timeline_max)
        throw Error(Errc::unsupported, fmt::format("timeline {}: Yore knows those up to {}",
                                                   line.timeline.value, timeline_max));
    if (line.system > system_max)
        throw Error(Errc::unsupported, fmt::format("a source of more than {} systems", system_max),
                    {"`yore source add` begins another one"});
    return (line.system - 1) << timeline_bits | line.timeline.value;
}

SystemTimeline system_timeline(std::uint32_t incarnation) {
    return {(incarnation >> timeline_bits) + 1, {incarnation & timeline_max}};
}

std::string incarnation_name(const SystemTimeline& line) {
    const std::string timeline = fmt::format("{:08X}", line.timeline.value);
    return line.system == 1 ? timeline : fmt::format("sys{}-{}", line.system, timeline);
}

std::optional<std::uint32_t> take_numbered(std::string_view word, std::string_view& text) {
    if (!text.starts_with(word)) return std::nullopt;
    const std::size_t dash = text.find('-');
    if (dash == text.npos) return std::nullopt;
    const auto number = parse_number<std::uint32_t>(text.substr(word.size(), dash - word.size()));
    if (number) text.remove_prefix(dash + 1);
    return number;
}

std::vector<LogDemand> demands_of(const postgresql::WalRecord& record,
                                  const postgresql::WalFact& fact) {
    std::vector<LogDemand> demands;
    const LogPosition position = postgresql::position_of(record.lsn);
    if (const auto* created = std::get_if<postgresql::TablespaceCreate>(&fact))
        demands.push_back({position, std::string(tablespace_demand), created->oid, created->path});
    if (const auto* change = std::get_if<postgresql::ParameterChange>(&fact))
        for (const auto& [name, limit] : postgresql::recovery_limits)
            if (const std::int32_t number = change->limits.*limit; number > 0)
                demands.push_back(
                    {position, std::string(name), static_cast<std::uint64_t>(number), {}});
    return demands;
}

void ReplayDemands::take(const catalog::LogSegment& segment, LogPosition from, LogPosition until) {
    constexpr std::uint64_t limit_max = std::numeric_limits<std::int32_t>::max();
    for (const LogDemand& demand : segment.demands) {
        if (demand.position < from || demand.position > until) continue;
        if (demand.name == tablespace_demand)
            tablespaces.push_back(
                {demand.position, static_cast<std::uint32_t>(demand.number), demand.text});
        for (const auto& [name, limit] : postgresql::recovery_limits)
            if (demand.name == name)
                limits.*limit = std::max(
                    limits.*limit, static_cast<std::int32_t>(std::min(demand.number, limit_max)));
    }
}

ReplayDemands replay_demands(const catalog::Logs& logs, std::uint32_t source,
                             const std::vector<timeline::LogRange>& ranges, LogPosition target) {
    ReplayDemands demands;
    for (const timeline::LogRange& range : ranges)
        logs.scan_segments(source, range.incarnation, range.begin, [&](const auto& segment) {
            if (segment.begin >= range.end) return false;
            demands.take(segment, ranges.front().begin, target);
            return true;
        });
    return demands;
}

std::optional<postgresql::SegmentSize> wal_segment_size(const catalog::LogSegment& segment) {
    if (segment.sequence == 0) return std::nullopt;
    return postgresql::SegmentSize::of(segment.begin.value / segment.sequence);
}

std::optional<std::string> history_text(const std::vector<LogIncarnation>& all,
                                        std::uint32_t number) {
    std::string text;
    for (std::uint32_t next = number;;) {
        const auto here = std::ranges::find(all, next, &LogIncarnation::number);
        if (here == all.end() || !here->fork) break;
        const LogIncarnation::Fork& fork = *here->fork;
        text = fmt::format("{}\t{}\ttold by Yore\n", system_timeline(fork.parent).timeline.value,
                           postgresql::to_text(postgresql::lsn_of(fork.at))) +
               text;
        // A parent has a lower number, so this ends whatever the records say.
        if (fork.parent >= next) break;
        next = fork.parent;
    }
    return text.empty() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace yore::view
