// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/view/cluster_log.h>

#include <algorithm>
#include <limits>

namespace yore::view {

using catalog::LogDemand;
using catalog::LogIncarnation;

namespace {

constexpr std::string_view tablespace_demand = "tablespace";

}  // namespace

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
            tablespaces.push_back({static_cast<std::uint32_t>(demand.number), demand.text});
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
                                        postgresql::Timeline timeline) {
    std::string text;
    for (std::uint32_t next = timeline.value;;) {
        const auto here = std::ranges::find(all, next, &LogIncarnation::number);
        if (here == all.end() || !here->fork) break;
        const LogIncarnation::Fork& fork = *here->fork;
        text = fmt::format("{}\t{}\ttold by Yore\n", fork.parent,
                           postgresql::to_text(postgresql::lsn_of(fork.at))) +
               text;
        // A parent has a lower number, so this ends whatever the records say.
        if (fork.parent >= next) break;
        next = fork.parent;
    }
    return text.empty() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace yore::view
