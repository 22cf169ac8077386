// SPDX-License-Identifier: Apache-2.0
/// Reads the journal of a directory moment by moment, without making the trees of the moments.
#pragma once

#include <yore/format/journal.h>
#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>
#include <yore/view/source_records.h>

#include <functional>
#include <optional>
#include <span>

namespace yore::view {

/// A restore point, and the records that lead to it.
struct JournalStep {
    Timestamp time;
    /// Of the restore point before it in its segment. It is the first: nullopt.
    std::optional<Timestamp> before;
    std::span<const format::JournalRecord> records;
    const catalog::LogSegment& segment;
    LogPosition first;  ///< of the first record

    /// Of a record that has one.
    tree::EntryView entry(const store::ObjectCache&, std::size_t record) const;
};

/// The steps behind `after` and up to `until`, in the order of the log; a segment is read when it
/// reaches into that span. Damage throws. Only of sources that are directories.
void scan_journal(const SourceRecords&, const store::ObjectCache&, Timestamp after, Timestamp until,
                  const std::function<void(const JournalStep&)>& visit);

}  // namespace yore::view
