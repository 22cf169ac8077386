// SPDX-License-Identifier: Apache-2.0
/// The keys of the catalog's records: a letter for the type, then big-endian numbers, so that keys
/// sort as what they stand for.
///
///     'c'                                         counters
///     's' source                                  a source
///     'h' source number                           a hold
///     'n' source second ordinal ended             a snapshot; second and ended with the sign
///                                                 flipped
///     'n' … incarnation start consistent          the same, taken beside a log
///     'i' source incarnation                      an incarnation of a log
///     'l' source incarnation end                  a log segment
///     'r' source incarnation end                  a run of segments
///     't' source incarnation newest end           a segment by time: the greatest time of a
///                                                 restore point so far, with the sign flipped
///     'g' source incarnation until                a gap, or an uncertain span
///
/// Those of jobs and schedules: job_records.h; of paused followers: follow_pause_records.h; of
/// verified packs: verified_records.h; of proofs: proof_records.h.
///
/// When a snapshot ended and where it stands in the log is in its key, so that a moment is resolved
/// without opening records.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/catalog/log.h>

#include <optional>

namespace yore::catalog {

struct SnapshotKey {
    std::uint32_t source = 0;
    SnapshotName name;
    Timestamp ended;
    std::optional<SnapshotLog> log;
    bool operator==(const SnapshotKey&) const = default;
};

Bytes counters_key();
Bytes sources_prefix();
Bytes source_key(std::uint32_t source);
Bytes holds_prefix(std::uint32_t source);
Bytes hold_key(std::uint32_t source, std::uint32_t number);
Bytes snapshots_prefix(std::uint32_t source);
Bytes snapshot_key(const SnapshotKey&);

/// One line of a source's log.
struct LogKey {
    std::uint32_t source = 0;
    std::uint32_t incarnation = 0;
    auto operator<=>(const LogKey&) const = default;
};
Bytes incarnations_prefix(std::uint32_t source);
Bytes incarnation_key(LogKey);

/// The families of records with one key for each position.
enum class LogFamily : char { segment = 'l', run = 'r', span = 'g' };
Bytes log_prefix(LogFamily, LogKey);
Bytes log_key(LogFamily, LogKey, LogPosition);

/// A segment in the order of time: `newest` is the greatest time of its restore points and of those
/// before it, so it never falls along the log.
struct SegmentTimeKey {
    LogKey log;
    Timestamp newest;
    LogPosition end;
    bool operator==(const SegmentTimeKey&) const = default;
};
Bytes segment_times_prefix(LogKey);
Bytes segment_time_key(const SegmentTimeKey&);

/// Another length, letter or an ordinal out of range: `corrupt`.
std::uint32_t parse_source_key(ByteView);
struct HoldKey {
    std::uint32_t source = 0, number = 0;
};
HoldKey parse_hold_key(ByteView);
SnapshotKey parse_snapshot_key(ByteView);
LogKey parse_incarnation_key(ByteView);
struct ParsedLogKey {
    LogKey log;
    LogPosition position;
};
ParsedLogKey parse_log_key(LogFamily, ByteView);
SegmentTimeKey parse_segment_time_key(ByteView);

}  // namespace yore::catalog
