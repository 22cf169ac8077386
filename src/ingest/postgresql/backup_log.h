// SPDX-License-Identifier: Apache-2.0
/// The log that a base backup has in `pg_wal`, read while it comes by: is it whole from the
/// backup's start to its end, and what would a server do that replays it.
///
/// Every server that starts on a copy replays it. The creation of a tablespace is replayed at the
/// original's path, which on the original's host has the original's files
/// (create_tablespace_directories() in PostgreSQL's src/backend/commands/tablespace.c; elsewhere
/// there is no such directory, and the server ends). So a base backup whose log does that is none.
#pragma once

#include <yore/postgresql/wal_reader.h>
#include <yore/view/cluster_log.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/postgresql/base_backup.h"
#include "ingest/postgresql/cluster_files.h"

namespace yore::ingest {

/// One thread.
class BackupLog final : postgresql::WalListener {
  public:
    BackupLog(BaseBackup::Position start, std::uint64_t system_identifier)
        : start_(start), system_identifier_(system_identifier) {}

    /// The archive of the data directory: what is taken out of it is heard. This outlives it.
    ClusterFiles::Archive heard(ClusterFiles::Archive);

    /// The first tablespace that recovery up to `stop` makes, in a directory that is not the
    /// copy's own. Call it at the archive's end. The log is not whole up to there: `corrupt`.
    std::optional<view::ReplayDemands::Tablespace> new_tablespace(BaseBackup::Position stop) const;
    /// Whether a record begins at `stop`, or behind it. A server that is to recover no further than
    /// the state is consistent notices it at the next record, and fails without one
    /// (recoveryStopsAfter() in src/backend/access/transam/xlogrecovery.c looks at transactions
    /// alone): as with an idle standby.
    bool goes_on_behind(BaseBackup::Position stop) const;

  private:
    using Place = std::pair<postgresql::SegmentNumber, postgresql::Timeline>;
    /// A segment that is being read.
    struct Open {
        Place place;
        postgresql::SegmentSize size;
        std::string name;
        std::uint64_t offset = 0;                     ///< of the next byte
        std::optional<postgresql::WalReader> reader;  ///< none: what is before it is not known
    };
    /// One that was read.
    struct Read {
        postgresql::Lsn end;         ///< behind the last whole record
        std::optional<Bytes> state;  ///< of the reader at the segment's end, if it got there
        std::string problem;
    };

    void begin(const std::optional<TarEntry>&);
    void take(ByteView);
    void finish_segment();
    std::optional<postgresql::WalReader> reader_of(const Open&, ByteView first_bytes) const;
    const std::pair<const Place, Read>* newest(const Place& at_most) const;
    const std::pair<const Place, Read>* newest_before(BaseBackup::Position stop) const;
    void on_record(const postgresql::WalRecord&, const postgresql::WalFact*) override;

    const BaseBackup::Position start_;
    const std::uint64_t system_identifier_;
    std::optional<Open> open_;
    postgresql::SegmentSize size_;
    std::map<Place, Read> read_;
    std::vector<view::ReplayDemands::Tablespace> tablespaces_;
};

/// A base backup cannot be had: replay from its start makes this.
Error makes_tablespace(const view::ReplayDemands::Tablespace&);

}  // namespace yore::ingest
