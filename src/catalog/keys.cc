// SPDX-License-Identifier: Apache-2.0
#include "catalog/keys.h"

#include "catalog/key_bytes.h"

namespace yore::catalog {
namespace {

constexpr std::byte counters_letter{'c'}, source_letter{'s'}, snapshot_letter{'n'};
constexpr std::byte incarnation_letter{'i'}, segment_time_letter{'t'}, hold_letter{'h'};
constexpr std::size_t snapshot_key_bytes = 1 + 4 + 8 + 4 + 8;
constexpr std::size_t snapshot_log_bytes = 4 + 8 + 8;
constexpr std::int64_t seconds_max = 9'223'372'035;  // what a Timestamp holds, rounded towards 0

LogKey take_log(KeyReader& reader) {
    const std::uint32_t source = reader.take32();
    return {source, reader.take32()};
}

Bytes lettered(std::byte letter, LogKey log) {
    Bytes key{letter};
    put(key, log.source);
    put(key, log.incarnation);
    return key;
}

}  // namespace

Bytes counters_key() {
    return {counters_letter};
}

Bytes sources_prefix() {
    return {source_letter};
}

Bytes source_key(std::uint32_t source) {
    Bytes key{source_letter};
    put(key, source);
    return key;
}

Bytes holds_prefix(std::uint32_t source) {
    Bytes key{hold_letter};
    put(key, source);
    return key;
}

Bytes hold_key(std::uint32_t source, std::uint32_t number) {
    Bytes key = holds_prefix(source);
    put(key, number);
    return key;
}

Bytes snapshots_prefix(std::uint32_t source) {
    Bytes key{snapshot_letter};
    put(key, source);
    return key;
}

Bytes snapshot_key(const SnapshotKey& snapshot) {
    Bytes key = snapshots_prefix(snapshot.source);
    put_signed(key, snapshot.name.second);
    put(key, snapshot.name.ordinal);
    put_signed(key, snapshot.ended.ns);
    if (!snapshot.log) return key;
    put(key, snapshot.log->incarnation);
    put(key, snapshot.log->start.value);
    put(key, snapshot.log->consistent.value);
    return key;
}

Bytes incarnations_prefix(std::uint32_t source) {
    Bytes key{incarnation_letter};
    put(key, source);
    return key;
}

Bytes incarnation_key(LogKey log) {
    return lettered(incarnation_letter, log);
}

Bytes log_prefix(LogFamily family, LogKey log) {
    return lettered(static_cast<std::byte>(family), log);
}

Bytes log_key(LogFamily family, LogKey log, LogPosition position) {
    Bytes key = log_prefix(family, log);
    put(key, position.value);
    return key;
}

Bytes segment_times_prefix(LogKey log) {
    return lettered(segment_time_letter, log);
}

Bytes segment_time_key(const SegmentTimeKey& segment) {
    Bytes key = segment_times_prefix(segment.log);
    put_signed(key, segment.newest.ns);
    put(key, segment.end.value);
    return key;
}

std::uint32_t parse_source_key(ByteView key) {
    return open_key(key, source_letter, 1 + 4).take32();
}

HoldKey parse_hold_key(ByteView key) {
    KeyReader reader = open_key(key, hold_letter, 1 + 4 + 4);
    const std::uint32_t source = reader.take32();
    return {source, reader.take32()};
}

SnapshotKey parse_snapshot_key(ByteView key) {
    const bool has_log = key.size() == snapshot_key_bytes + snapshot_log_bytes;
    KeyReader reader =
        open_key(key, snapshot_letter, snapshot_key_bytes + (has_log ? snapshot_log_bytes : 0));
    SnapshotKey snapshot;
    snapshot.source = reader.take32();
    snapshot.name.second = reader.take_signed();
    snapshot.name.ordinal = reader.take32();
    snapshot.ended.ns = reader.take_signed();
    if (has_log) snapshot.log = SnapshotLog{reader.take32(), {reader.take(8)}, {reader.take(8)}};
    const std::int64_t second = snapshot.name.second;
    if (snapshot.name.ordinal < 1 || snapshot.name.ordinal > SnapshotName::ordinal_max ||
        second < -seconds_max || second > seconds_max)
        throw out_of_range(key);
    if (has_log &&
        (snapshot.log->incarnation == 0 || snapshot.log->start > snapshot.log->consistent))
        throw out_of_range(key);
    return snapshot;
}

LogKey parse_incarnation_key(ByteView key) {
    KeyReader reader = open_key(key, incarnation_letter, 1 + 8);
    return take_log(reader);
}

ParsedLogKey parse_log_key(LogFamily family, ByteView key) {
    KeyReader reader = open_key(key, static_cast<std::byte>(family), 1 + 8 + 8);
    const LogKey log = take_log(reader);
    return {log, {reader.take(8)}};
}

SegmentTimeKey parse_segment_time_key(ByteView key) {
    KeyReader reader = open_key(key, segment_time_letter, 1 + 8 + 8 + 8);
    const LogKey log = take_log(reader);
    const Timestamp newest{reader.take_signed()};
    return {log, newest, {reader.take(8)}};
}

}  // namespace yore::catalog
