// SPDX-License-Identifier: Apache-2.0
/// `global/pg_control`: which cluster this is, where its last checkpoint lies, and with what it was
/// built and run.
///
/// Layout: PostgreSQL's src/include/catalog/pg_control.h (ControlFileData), as a little-endian
/// 64-bit server writes it; compared with the files of real servers 13 to 18.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/postgresql/lsn.h>
#include <yore/postgresql/parameters.h>
#include <yore/postgresql/segment_name.h>

#include <cstdint>
#include <string_view>

namespace yore::postgresql {

/// PostgreSQL's DBState.
enum class ClusterState : std::uint32_t {
    starting_up,
    shut_down,
    shut_down_in_recovery,
    shutting_down,
    in_crash_recovery,
    in_archive_recovery,
    in_production,
};
/// As pg_controldata says it: `in production`.
std::string_view name_of(ClusterState);

struct ControlFile {
    std::uint64_t system_identifier = 0;
    std::uint32_t control_version = 0;
    std::uint32_t catalog_version = 0;
    int major_version = 0;  ///< 13 to 18, by the two before
    ClusterState state = ClusterState::starting_up;
    Timestamp time;  ///< when the file was written, whole seconds

    Lsn checkpoint;  ///< the last one's record
    Lsn redo;        ///< where recovery from it starts
    Timeline timeline;
    Timeline previous_timeline;
    Timestamp checkpoint_time;

    Lsn min_recovery_point;  ///< no state before it is consistent; invalid unless recovering
    Timeline min_recovery_point_timeline;
    Lsn backup_start;  ///< valid while recovering from a base backup
    Lsn backup_end;
    bool backup_end_required = false;

    WalLevel wal_level = WalLevel::minimal;
    bool wal_log_hints = false;
    bool track_commit_timestamp = false;
    RecoveryLimits limits;

    std::uint32_t block_size = 0;
    std::uint32_t relation_segment_blocks = 0;
    std::uint32_t wal_block_size = 0;
    SegmentSize wal_segment_size;
    std::uint32_t data_checksum_version = 0;  ///< 0: pages have no checksums
};

/// From the file's 8 KiB, or its beginning of at least 296 bytes.
/// Of a version that is not known: Errc::unsupported, naming it. Too short, a wrong CRC, or values
/// that no server writes: Errc::corrupt.
ControlFile parse_control_file(ByteView);

}  // namespace yore::postgresql
