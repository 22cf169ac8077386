// SPDX-License-Identifier: Apache-2.0
/// What the records of the write-ahead log say, as far as backups care.
///
/// Layouts are PostgreSQL's: src/include/access/xlogrecord.h, access/xact.h, access/
/// xlog_internal.h, catalog/pg_control.h, commands/tablespace.h, of the branches 13 to 18.
#pragma once

#include <yore/base/time.h>
#include <yore/format/restore_points.h>
#include <yore/postgresql/lsn.h>
#include <yore/postgresql/parameters.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace yore::postgresql {

/// The header of a record that is whole and has the right checksum.
struct WalRecord {
    Lsn lsn;       ///< of its first byte
    Lsn end;       ///< where the next may begin: aligned; behind a segment switch: the next segment
    Lsn previous;  ///< where the record before it begins; 0: it is the first of the cluster
    std::uint32_t bytes = 0;  ///< without the headers of pages between
    std::uint32_t xid = 0;    ///< 0: of no transaction
    std::uint8_t resource_manager = 0;
    std::uint8_t info = 0;
    bool operator==(const WalRecord&) const = default;
};

/// COMMIT, ABORT, COMMIT PREPARED, ABORT PREPARED.
struct TransactionEnd {
    enum class Kind { commit, abort };
    Kind kind = Kind::commit;
    bool prepared = false;  ///< the second phase of a two-phase transaction
    std::uint32_t xid = 0;  ///< of the transaction that ends, also when another session ends it
    std::optional<Timestamp> time;  ///< by the server's clock; none: not a time we can say
    std::uint32_t subtransaction_count = 0;
    std::uint32_t dropped_relation_count = 0;  ///< files, not tables
    bool operator==(const TransactionEnd&) const = default;
};

/// pg_create_restore_point().
struct NamedPoint {
    std::string name;  ///< at most 63 bytes
    std::optional<Timestamp> time;
    bool operator==(const NamedPoint&) const = default;
};

struct Checkpoint {
    enum class Kind { online, shutdown };  ///< the latter also at the end of a recovery
    Kind kind = Kind::online;
    Lsn redo;
    Timeline timeline, previous_timeline;  ///< they differ where a timeline begins
    bool full_page_writes = false;
    std::uint64_t next_xid = 0;  ///< with its epoch in the upper half
    Timestamp time;              ///< whole seconds
    bool operator==(const Checkpoint&) const = default;
};

/// A promotion without a checkpoint: the first record of a timeline.
struct EndOfRecovery {
    Timeline timeline, previous_timeline;
    std::optional<Timestamp> time;
    bool operator==(const EndOfRecovery&) const = default;
};

/// What the server was started with, where it differs from before.
struct ParameterChange {
    WalLevel wal_level = WalLevel::replica;
    RecoveryLimits limits;
    bool wal_log_hints = false, track_commit_timestamp = false;
    bool operator==(const ParameterChange&) const = default;
};

struct TablespaceCreate {
    std::uint32_t oid = 0;
    std::string path;  ///< on the server's host
    bool operator==(const TablespaceCreate&) const = default;
};
struct TablespaceDrop {
    std::uint32_t oid = 0;
    bool operator==(const TablespaceDrop&) const = default;
};

/// What follows in the segment is nothing.
struct SegmentSwitch {
    bool operator==(const SegmentSwitch&) const = default;
};
struct FullPageWrites {
    bool on = false;
    bool operator==(const FullPageWrites&) const = default;
};
/// A record of which a crash left only the beginning; it counts for nothing.
struct OverwrittenRecord {
    Lsn lsn;
    std::optional<Timestamp> time;
    bool operator==(const OverwrittenRecord&) const = default;
};

using WalFact = std::variant<TransactionEnd, NamedPoint, Checkpoint, EndOfRecovery, ParameterChange,
                             TablespaceCreate, TablespaceDrop, SegmentSwitch, FullPageWrites,
                             OverwrittenRecord>;

/// Where a recovery can be told to stop: at a commit, and at a named point, whose time can be said.
/// Its position is the start of the record: `recovery_target_lsn` there, inclusive, replays the
/// record and stops. (The server compares starts of records: recoveryStopsAfter() in
/// src/backend/access/transam/xlogrecovery.c.) An abort changes nothing that anybody can see, so
/// the state after it has a name already. A commit that crosses from one segment into the next is
/// known, and can be replayed, only with the second; its position is in the first.
std::optional<format::RestorePoint> restore_point_of(const WalRecord&, const WalFact&);

}  // namespace yore::postgresql
