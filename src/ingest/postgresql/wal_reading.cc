// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/wal_reading.h"

#include <yore/base/error.h>
#include <yore/chunker/chunker.h>
#include <yore/tree/content.h>
#include <yore/view/cluster_log.h>
#include <yore/view/log_replay.h>

#include <algorithm>

namespace yore::ingest {
namespace {

using namespace postgresql;

/// By the server's clock; none: it says nothing of when it was.
std::optional<Timestamp> time_of(const WalFact& fact) {
    if (const auto* end = std::get_if<TransactionEnd>(&fact)) return end->time;
    if (const auto* point = std::get_if<NamedPoint>(&fact)) return point->time;
    if (const auto* recovery = std::get_if<EndOfRecovery>(&fact)) return recovery->time;
    if (const auto* checkpoint = std::get_if<Checkpoint>(&fact)) return checkpoint->time;
    return std::nullopt;
}

/// Hears nothing.
struct Deaf final : WalListener {
    void on_record(const WalRecord&, const WalFact*) override {}
};

}  // namespace

void LogFindings::take(const WalRecord& record, const WalFact& fact) {
    if (const auto time = time_of(fact)) {
        first_time = std::min(first_time.value_or(*time), *time);
        last_time = std::max(last_time.value_or(*time), *time);
    }
    if (const auto point = restore_point_of(record, fact)) points.add(*point);
    for (auto& demand : view::demands_of(record, fact)) demands.push_back(std::move(demand));
}

SegmentReading::SegmentReading(const WalStream& stream, Lsn start,
                               const std::optional<catalog::LogSegment>& before,
                               const store::ObjectCache& cache)
    : stream_(stream), start_(start), reader_(stream, start) {
    if (auto going_on = behind(stream, before, cache)) {
        reader_ = std::move(*going_on);
        follows_ = true;
    }
}

/// A block is enough to be in the midst of the log. It is all zeros where a switch ended the
/// segment: then nothing crosses over.
std::optional<WalReader> SegmentReading::behind(const WalStream& stream,
                                                const std::optional<catalog::LogSegment>& before,
                                                const store::ObjectCache& cache) {
    if (!before || before->bytes < chunker::log_block_bytes) return std::nullopt;
    const tree::ContentReader content(cache, view::content_of(*before));
    const std::uint64_t from = before->bytes - chunker::log_block_bytes;
    Buffer tail(chunker::log_block_bytes);
    if (content.read(from, tail.span()) != tail.size()) return std::nullopt;
    WalStream of_before = stream;
    of_before.timeline = view::system_timeline(before->incarnation).timeline;
    if (of_before.timeline != stream.timeline) of_before.timeline_start = {};
    WalReader reader(of_before, {before->begin.value + from});
    Deaf nobody;
    reader.feed(tail.view(), nobody);
    if (reader.stop()) return std::nullopt;
    return WalReader(stream, reader.state());
}

Lsn SegmentReading::valid_end() const {
    return std::max(start_, reader_.stop() ? reader_.stop()->end : reader_.end());
}

void SegmentReading::on_record(const WalRecord& record, const WalFact* fact) {
    if (fact == nullptr) return;
    const bool is_parents = stream_.timeline_start.valid() && record.lsn < stream_.timeline_start;
    (is_parents ? parents_ : own_).take(record, *fact);
}

}  // namespace yore::ingest
