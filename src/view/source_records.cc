// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/view/cluster_log.h>
#include <yore/view/source_records.h>

#include <algorithm>

namespace yore::view {
namespace {

timeline::Snapshot snapshot_at(const catalog::SnapshotLine& line, std::uint32_t place) {
    const auto& item = line.items[place];
    timeline::Snapshot snapshot{place, item.ended, {}};
    if (item.log)
        snapshot.log =
            timeline::Snapshot::Log{item.log->incarnation, item.log->start, item.log->consistent};
    return snapshot;
}

/// Of a base: where it stands in the log.
auto log_place_in(const catalog::SnapshotLine& line) {
    return [&line](std::uint32_t base) {
        const catalog::SnapshotLog& log = *line.items[base].log;
        return timeline::LogPlace{log.incarnation, log.consistent};
    };
}

std::optional<timeline::Snapshot> base_in(const catalog::SnapshotLine& line, std::uint32_t base,
                                          std::uint32_t incarnation) {
    if (line.items[base].log->incarnation != incarnation) return std::nullopt;
    return snapshot_at(line, base);
}

std::optional<timeline::Segment> planned(const std::optional<catalog::LogSegment>& stored) {
    return stored ? std::optional(view::planned(*stored)) : std::nullopt;
}

void check_points(const NodeId& id, ByteView plain) {
    doing([&] { return fmt::format("node {}", id.short_hex()); },
          [&] { format::check_restore_points(plain); });
}

}  // namespace

timeline::Segment planned(const catalog::LogSegment& stored) {
    return {stored.incarnation,
            stored.name,
            stored.begin,
            stored.end,
            stored.last_time,
            stored.points,
            stored.tree_after ? std::optional(stored.tree_after->root) : std::nullopt};
}

SourceRecords::SourceRecords(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                             std::uint32_t source, std::optional<catalog::SnapshotName> base)
    : catalog_(catalog),
      cache_(cache),
      logs_(catalog.store()),
      source_(source),
      base_(base),
      line_(catalog.snapshot_line(source)) {}

std::uint32_t SourceRecords::snapshot_count() const {
    return static_cast<std::uint32_t>(line_->items.size());
}

timeline::Snapshot SourceRecords::snapshot(std::uint32_t place) const {
    return snapshot_at(*line_, place);
}

std::optional<timeline::Snapshot> SourceRecords::snapshot_ended_by(Timestamp moment) const {
    const auto* item = line_->at_or_before(moment);
    if (item == nullptr) return std::nullopt;
    return snapshot_at(*line_, static_cast<std::uint32_t>(item - line_->items.data()));
}

std::optional<timeline::Snapshot> SourceRecords::newest_base(timeline::LogPlace place) const {
    const auto behind = std::ranges::upper_bound(line_->bases, place, {}, log_place_in(*line_));
    const auto found = std::find_if(
        std::make_reverse_iterator(behind), line_->bases.rend(),
        [&](std::uint32_t base) { return !base_ || line_->items[base].name == *base_; });
    if (found == line_->bases.rend()) return std::nullopt;
    return base_in(*line_, *found, place.incarnation);
}

std::optional<timeline::Snapshot> SourceRecords::oldest_base(timeline::LogPlace place) const {
    const auto found = std::ranges::lower_bound(line_->bases, place, {}, log_place_in(*line_));
    if (found == line_->bases.end()) return std::nullopt;
    return base_in(*line_, *found, place.incarnation);
}

std::vector<timeline::Incarnation> SourceRecords::incarnations() const {
    std::vector<timeline::Incarnation> all;
    for (const catalog::LogIncarnation& stored : logs_.incarnations(source_)) {
        timeline::Incarnation incarnation{
            stored.number, stored.name, {}, system_timeline(stored.number).system};
        if (stored.fork)
            incarnation.fork = timeline::LogPlace{stored.fork->parent, stored.fork->at};
        all.push_back(std::move(incarnation));
    }
    return all;
}

std::vector<timeline::Run> SourceRecords::runs(std::uint32_t incarnation) const {
    std::vector<timeline::Run> all;
    for (const catalog::LogRun& run : logs_.runs(source_, incarnation))
        all.push_back({run.begin, run.end});
    return all;
}

std::optional<timeline::Segment> SourceRecords::segment_ending_after(
    timeline::LogPlace place) const {
    return planned(logs_.segment_ending_after(source_, place.incarnation, place.position));
}

std::optional<timeline::Segment> SourceRecords::segment_ending_at(timeline::LogPlace place) const {
    return planned(logs_.segment_ending_at(source_, place.incarnation, place.position));
}

std::optional<timeline::Segment> SourceRecords::segment_later_than(std::uint32_t incarnation,
                                                                   Timestamp time) const {
    return planned(logs_.segment_later_than(source_, incarnation, time));
}

std::optional<timeline::Span> SourceRecords::span_behind(timeline::LogPlace place) const {
    std::optional<timeline::Span> found;
    logs_.scan_spans(source_, place.incarnation, place.position, [&](const catalog::LogSpan& span) {
        found = timeline::Span{span.after,
                               span.until,
                               span.from_time,
                               span.to_time,
                               span.kind == catalog::LogSpan::Kind::lost,
                               span.reason};
        return false;
    });
    return found;
}

timeline::Points SourceRecords::points(const timeline::Segment& segment) const {
    auto node = cache_.node(segment.points.value(), check_points);
    const format::RestorePoints list(node->view());
    return {std::move(node), list};
}

catalog::SnapshotName SourceRecords::name_of(const timeline::Snapshot& snapshot) const {
    return line_->items[snapshot.place].name;
}

std::optional<std::uint32_t> SourceRecords::place_of(catalog::SnapshotName name) const {
    const auto& items = line_->items;
    const auto found =
        std::ranges::lower_bound(items, name, {}, &catalog::SnapshotLine::Item::name);
    if (found == items.end() || found->name != name) return std::nullopt;
    return static_cast<std::uint32_t>(found - items.begin());
}

bool SourceRecords::is_cluster() const {
    const auto source = catalog_.source(source_);
    return source && source->kind == catalog::SourceKind::postgresql;
}

NodeId SourceRecords::root_of(const timeline::Snapshot& snapshot) const {
    const auto record = catalog_.snapshot(source_, name_of(snapshot));
    if (!record)
        throw Error(Errc::not_found, fmt::format("snapshot {} is gone", name_of(snapshot).text()));
    return record->root;
}

std::optional<catalog::SnapshotName> SourceRecords::rolled_from(
    const timeline::Snapshot& snapshot) const {
    const auto record = catalog_.snapshot(source_, name_of(snapshot));
    return record && record->base_backup ? record->base_backup->rolled_from : std::nullopt;
}

}  // namespace yore::view
