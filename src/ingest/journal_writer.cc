// SPDX-License-Identifier: Apache-2.0
#include "ingest/journal_writer.h"

#include <yore/base/error.h>

namespace yore::ingest {

JournalWriter::JournalWriter(const catalog::Catalog& catalog, const catalog::Source& source,
                             std::string origin, Timestamp now)
    : catalog_(catalog), logs_(catalog.store()), bounds_(catalog.store().keys().gear) {
    const auto known = logs_.incarnations(source.id);
    LogPosition next{1};
    if (known.empty()) {
        incarnation_ = {source.id, 1, "journal-1", std::move(origin), now, {}};
        incarnation_is_new_ = true;
    } else {
        incarnation_ = known.back();
        const auto runs = logs_.runs(source.id, incarnation_.number);
        if (!runs.empty()) {
            next = runs.back().end;
            last_before_ = logs_.segment_ending_at(source.id, incarnation_.number, next);
        }
        if (last_before_) sequence_ = last_before_->sequence + 1;
    }
    begin(next);
}

void JournalWriter::begin(LogPosition position) {
    journal_ = {position, {}};
    entries_.clear();
    points_ = {};
    bytes_ = format::journal_header_bytes;
    commits_ = 0;
}

void JournalWriter::append(Change&& change, Timestamp time, const NodeId& empty_directory) {
    format::JournalRecord record{change.kind, time, std::move(change.paths)};
    if (record.has_entry()) {
        tree::Entry& entry = entries_.emplace_back(std::move(change.entry));
        entry.name = format::journal_name(next());
        if (entry.attributes.kind == tree::FileKind::directory && !entry.child)
            entry.child = empty_directory;
    }
    bytes_ += format::journal_bytes(record);
    journal_.records.push_back(std::move(record));
}

void JournalWriter::add_point() {
    YORE_ENSURE(!is_empty());
    points_.add({{next().value - 1}, journal_.records.back().time});
}

NodeId JournalWriter::write_entries(store::Writer& writer) const {
    tree::DirectoryBuilder builder(writer, bounds_);
    for (const tree::Entry& entry : entries_) builder.add(entry);
    return builder.finish().top;
}

catalog::LogSegment JournalWriter::describe(store::Writer& writer, Timestamp known_until) const {
    catalog::LogSegment segment;
    segment.source = incarnation_.source;
    segment.incarnation = incarnation_.number;
    segment.sequence = sequence_;
    segment.name = format::journal_name(journal_.begin);
    segment.begin = journal_.begin;
    segment.end = journal_.end();
    segment.first_time = journal_.records.front().time;
    segment.last_time = std::max(known_until, journal_.records.back().time);
    const Bytes bytes = encode(journal_);
    store::Prepared chunk = writer.prepare_chunk(bytes);
    segment.bytes = bytes.size();
    segment.extents = {{bytes.size(), chunk.chunk_id(), 0}};
    writer.append(std::move(chunk));
    if (!entries_.empty()) segment.entries = write_entries(writer);
    if (points_.count() > 0) {
        segment.points = writer.put_node(points_.encode());
        segment.point_count = points_.count();
        segment.newest_point = points_.points().front().time;
        for (const auto& point : points_.points())
            segment.newest_point = std::max(segment.newest_point, point.time);
    }
    return segment;
}

void JournalWriter::commit(store::Writer& writer, Timestamp known_until,
                           const std::optional<catalog::TreeAfter>& tree_after,
                           std::vector<store::RecordChange> besides) {
    YORE_ENSURE(!is_empty());
    catalog::LogSegment segment = describe(writer, known_until);
    segment.tree_after = tree_after;
    const auto changing = catalog_.change_logs();
    auto changes = logs_.add(segment);
    changes.insert(changes.end(), besides.begin(), besides.end());
    if (incarnation_is_new_) changes.push_back(catalog::Logs::put(incarnation_));
    writer.commit(changes);
    incarnation_is_new_ = false;
    ++commits_;
    if (!tree_after) return;
    ++sequence_;
    begin(segment.end);
}

catalog::LogSpan JournalWriter::span_since(LogPosition after, Timestamp from, Timestamp to,
                                           std::string reason) const {
    return {incarnation_.source,
            incarnation_.number,
            after,
            {next().value - 1},
            from,
            to,
            catalog::LogSpan::Kind::uncertain,
            std::move(reason)};
}

}  // namespace yore::ingest
