// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/stream_start.h"

#include <algorithm>
#include <ranges>

#include "ingest/postgresql/tail_folding.h"

namespace yore::ingest {
namespace {

using namespace postgresql;

/// A timeline on the way to the server's.
struct Stretch {
    Timeline timeline;
    std::optional<Lsn> end;  ///< none: the server's own, which goes on
};

std::vector<Stretch> way_to(Timeline timeline, std::span<const TimelineSwitch> history) {
    std::vector<Stretch> way;
    for (const TimelineSwitch& step : history) way.push_back({step.parent, step.at});
    way.push_back({timeline, {}});
    return way;
}

class StoredLog {
  public:
    StoredLog(catalog::Catalog& catalog, const catalog::Source& source, const System& system,
              SegmentSize size)
        : catalog_(catalog),
          logs_(catalog.store()),
          source_(source.id),
          system_(system.number),
          size_(size) {}

    Lsn segment_start(Lsn lsn) const { return size_.start_of(size_.segment_of(lsn)); }

    /// From where on the timeline is not stored. Nothing of it is: nullopt.
    std::optional<Lsn> end_of(Timeline timeline) const {
        const std::uint32_t number = view::incarnation_number({system_, timeline});
        const auto runs = logs_.runs(source_, number);
        const auto tail = extent_of(catalog_.store(), {source_, number});
        if (!tail)
            return runs.empty() ? std::nullopt
                                : std::optional(segment_start(lsn_of(runs.back().end)));
        const LogPosition open = position_of(segment_start(tail->end));
        for (const catalog::LogRun& run : runs)  // somebody may have pushed it meanwhile
            if (run.begin <= open && open < run.end)
                return std::max(tail->end, segment_start(lsn_of(run.end)));
        return tail->end;
    }
    /// The newest that something is stored of; nothing at all: 0.
    Timeline newest() const {
        Timeline newest;
        for (const auto& incarnation : logs_.incarnations(source_)) {
            const auto [system, timeline] = view::system_timeline(incarnation.number);
            if (system == system_ && end_of(timeline)) newest = timeline;
        }
        for (const store::TailId& tail : catalog_.store().tails()) {
            const auto [system, timeline] = view::system_timeline(tail.incarnation);
            if (tail.source == source_ && system == system_) newest = std::max(newest, timeline);
        }
        return newest;
    }

  private:
    catalog::Catalog& catalog_;
    const catalog::Logs logs_;
    const std::uint32_t source_, system_;
    const SegmentSize size_;
};

}  // namespace

LogPlace place_to_begin(catalog::Catalog& catalog, const catalog::Source& source,
                        const System& system, const ServerLog& server,
                        std::span<const TimelineSwitch> history, Lsn otherwise) {
    const StoredLog log(catalog, source, system, server.format.segment_size);
    const Timeline timeline = server.end.timeline;
    if (const Timeline newest = log.newest(); newest > timeline)
        throw Error(Errc::io,
                    fmt::format("the server is on timeline {}, and the log is stored up to "
                                "timeline {}",
                                timeline.value, newest.value),
                    {"a primary of before a failover? `target_session_attrs=read-write` in the "
                     "conninfo passes standbys over"});
    const auto way = way_to(timeline, history);
    for (std::size_t i = way.size(); i-- > 0;) {
        const auto stored = log.end_of(way[i].timeline);
        if (!stored) continue;
        if (!way[i].end || *stored < *way[i].end) return {way[i].timeline, *stored};
        return {way[i + 1].timeline, log.segment_start(*way[i].end)};
    }
    const auto newest = catalog.latest(source.id);
    if (newest && newest->base_backup &&
        newest->base_backup->system_identifier == server.format.system_identifier)
        for (const Stretch& stretch : way)
            if (stretch.timeline.value == newest->base_backup->timeline)
                return {stretch.timeline, log.segment_start(lsn_of(newest->base_backup->start))};
    return {timeline, log.segment_start(otherwise)};
}

}  // namespace yore::ingest
