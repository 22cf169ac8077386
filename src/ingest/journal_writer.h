// SPDX-License-Identifier: Apache-2.0
/// Appends records to a source's journal. The open segment is stored again, with what came since,
/// by each commit; when it is closed, the tree after it is stored too, and a new one begins.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/catalog/log.h>
#include <yore/format/restore_points.h>

#include <optional>
#include <string>
#include <vector>

#include "ingest/tree_records.h"

namespace yore::ingest {

/// One thread, and the only one that feeds the source's log.
class JournalWriter {
  public:
    /// Goes on behind the last segment of the source's journal; none: a journal begins.
    JournalWriter(const catalog::Catalog&, const catalog::Source&, std::string origin,
                  Timestamp now);

    /// The last stored segment when this began.
    const std::optional<catalog::LogSegment>& last_before() const { return last_before_; }
    LogPosition next() const { return journal_.end(); }
    bool is_empty() const { return journal_.records.empty(); }
    /// What it holds since it was begun.
    std::size_t records() const { return journal_.records.size(); }
    std::size_t bytes() const { return bytes_; }
    unsigned commits() const { return commits_; }

    /// Directories get the child `empty_directory` unless they have one.
    void append(Change&&, Timestamp, const NodeId& empty_directory);
    /// The state after the last record is a moment.
    void add_point();

    /// Durable when it returns. The log is known up to `known_until`. With a tree, the segment is
    /// closed. `besides` goes into the same commit.
    void commit(store::Writer&, Timestamp known_until,
                const std::optional<catalog::TreeAfter>& tree_after,
                std::vector<store::RecordChange> besides = {});
    catalog::LogSpan span_since(LogPosition after, Timestamp from, Timestamp to,
                                std::string reason) const;
    /// For the commit that stores what follows on it.
    std::vector<store::RecordChange> change_of(const catalog::LogSpan& span) const {
        return logs_.add(span);
    }

  private:
    catalog::LogSegment describe(store::Writer&, Timestamp known_until) const;
    NodeId write_entries(store::Writer&) const;
    void begin(LogPosition);

    const catalog::Catalog& catalog_;
    catalog::Logs logs_;
    const tree::NodeBounds bounds_;
    catalog::LogIncarnation incarnation_;
    bool incarnation_is_new_ = false;
    std::optional<catalog::LogSegment> last_before_;
    std::uint64_t sequence_ = 1;

    format::Journal journal_;
    std::vector<tree::Entry> entries_;
    format::RestorePointsBuilder points_;
    std::size_t bytes_ = 0;
    unsigned commits_ = 0;
};

}  // namespace yore::ingest
