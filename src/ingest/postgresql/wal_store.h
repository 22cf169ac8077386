// SPDX-License-Identifier: Apache-2.0
/// Stores one file of the log that is a segment, or the valid part of one.
#pragma once

#include <yore/ingest/postgresql_log.h>
#include <yore/postgresql/segment_name.h>
#include <yore/postgresql/wal_header.h>

#include <optional>

#include "ingest/postgresql/timelines.h"
#include "ingest/postgresql/wal_content.h"
#include "ingest/postgresql/wal_reading.h"

namespace yore::ingest {

/// The name of any file of the log, whatever the size of its segments is. None: nullopt.
std::optional<postgresql::LogFileName> parse_any_log_file_name(std::string_view name);

/// One run; once.
class WalStore {
  public:
    WalStore(const LogFileOrder&, const std::stop_token&);
    LogFileTaken store();

  private:
    void read_block();
    void read_header();
    TimelineRecord timeline_record() const;
    void open_log();
    void read_all();
    void check_size() const;
    void check_copy(std::uint64_t valid) const;
    void check_whole() const;
    std::uint64_t valid_bytes() const;
    LogFileTaken leave(LogFileTaken::Outcome, std::uint64_t valid) const;
    LogFileTaken commit(std::uint64_t valid);
    catalog::LogSegment describe(const LogFindings&, postgresql::Lsn end) const;
    void add_points(catalog::LogSegment&, const LogFindings&) const;
    std::optional<catalog::LogSegment> parents_part() const;
    bool is_stored_alike(const catalog::LogSegment&) const;
    bool is_partial() const { return name_.kind == postgresql::LogFileName::Kind::partial; }
    postgresql::Lsn end() const { return {header_.start.value + header_.segment_size.bytes()}; }

    const LogFileOrder& order_;
    const std::stop_token& stop_;
    const catalog::Logs logs_;
    std::shared_ptr<Buffer> block_;  ///< the one being read
    std::size_t block_bytes_ = 0;
    postgresql::SegmentHeader header_;
    postgresql::LogFileName name_;
    System system_;
    catalog::LogIncarnation incarnation_;
    std::optional<catalog::LogSegment> before_;  ///< ends where this one begins
    std::optional<StoredCopy> copy_;             ///< of what is stored of this one
    std::unique_ptr<store::Writer> writer_;
    std::optional<SegmentReading> reading_;  ///< none: the whole segment is stored
    std::optional<WalContent> content_;
    std::uint64_t file_bytes_ = 0;
};

}  // namespace yore::ingest
