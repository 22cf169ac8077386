// SPDX-License-Identifier: Apache-2.0
//
// Records whose facts lie at fixed places of their data. Offsets are those of the C structs of
// 64-bit builds; no branch from 13 to 18 moved what is read here (17 put wal_level into padding).
#include <algorithm>

#include "postgresql/wal_body.h"
#include "postgresql/wal_bytes.h"

namespace yore::postgresql {
namespace {

std::optional<WalFact> checkpoint(Checkpoint::Kind kind, ByteView data) {
    if (data.size() < 88) return std::nullopt;  // sizeof(CheckPoint), catalog/pg_control.h
    const auto seconds = static_cast<std::int64_t>(load<std::uint64_t>(data, 64));
    return Checkpoint{kind,
                      {load<std::uint64_t>(data)},
                      {load<std::uint32_t>(data, 8)},
                      {load<std::uint32_t>(data, 12)},
                      data[16] != std::byte{0},
                      load<std::uint64_t>(data, 24),
                      Timestamp::from_seconds(seconds)};
}

/// xl_parameter_change, access/xlog_internal.h.
std::optional<WalFact> parameter_change(ByteView data) {
    if (data.size() < 26) return std::nullopt;
    const auto number = [&](std::size_t offset) {
        return static_cast<std::int32_t>(load<std::uint32_t>(data, offset));
    };
    const std::int32_t level = number(20);
    if (level < 0 || level > static_cast<std::int32_t>(WalLevel::logical)) return std::nullopt;
    return ParameterChange{static_cast<WalLevel>(level),
                           {number(0), number(4), number(8), number(12), number(16)},
                           data[24] != std::byte{0},
                           data[25] != std::byte{0}};
}

std::optional<std::string> text_until_zero(ByteView bytes) {
    const auto end = std::ranges::find(bytes, std::byte{0});
    if (end == bytes.end()) return std::nullopt;
    return std::string(as_text(bytes.first(static_cast<std::size_t>(end - bytes.begin()))));
}

/// xl_restore_point, access/xlog_internal.h.
std::optional<WalFact> named_point(ByteView data) {
    if (data.size() < 72) return std::nullopt;
    auto name = text_until_zero(data.subspan(8, 64));
    if (!name) return std::nullopt;
    return NamedPoint{*std::move(name), time_of(load<std::uint64_t>(data))};
}

/// xl_end_of_recovery, access/xlog_internal.h.
std::optional<WalFact> end_of_recovery(ByteView data) {
    if (data.size() < 16) return std::nullopt;
    return EndOfRecovery{{load<std::uint32_t>(data, 8)},
                         {load<std::uint32_t>(data, 12)},
                         time_of(load<std::uint64_t>(data))};
}

/// xl_overwrite_contrecord, access/xlog_internal.h.
std::optional<WalFact> overwritten_record(ByteView data) {
    if (data.size() < 16) return std::nullopt;
    return OverwrittenRecord{{load<std::uint64_t>(data)}, time_of(load<std::uint64_t>(data, 8))};
}

/// xl_tblspc_create_rec, xl_tblspc_drop_rec, commands/tablespace.h.
std::optional<WalFact> tablespace(std::uint8_t info, ByteView data) {
    if (data.size() < 4) return std::nullopt;
    const auto oid = load<std::uint32_t>(data);
    if ((info & info_mask) != 0) return TablespaceDrop{oid};
    auto path = text_until_zero(data.subspan(4));
    if (!path) return std::nullopt;
    return TablespaceCreate{oid, *std::move(path)};
}

}  // namespace

std::optional<WalFact> read_fact(std::uint8_t resource_manager, std::uint8_t info, ByteView data) {
    if (resource_manager == rmgr_tablespace) return tablespace(info, data);
    switch (info & info_mask) {  // XLOG_*, catalog/pg_control.h
        case 0x00:
            return checkpoint(Checkpoint::Kind::shutdown, data);
        case 0x10:
            return checkpoint(Checkpoint::Kind::online, data);
        case 0x60:
            return parameter_change(data);
        case 0x70:
            return named_point(data);
        case 0x80:
            if (data.empty()) return std::nullopt;
            return FullPageWrites{data[0] != std::byte{0}};
        case 0x90:
            return end_of_recovery(data);
        case 0xD0:
            return overwritten_record(data);
        default:
            return std::nullopt;
    }
}

std::optional<format::RestorePoint> restore_point_of(const WalRecord& record, const WalFact& fact) {
    const LogPosition position = position_of(record.lsn);
    if (const auto* end = std::get_if<TransactionEnd>(&fact)) {
        if (end->kind != TransactionEnd::Kind::commit || !end->time) return std::nullopt;
        return format::RestorePoint{position, *end->time, end->xid};
    }
    if (const auto* point = std::get_if<NamedPoint>(&fact)) {
        if (!point->time) return std::nullopt;
        return format::RestorePoint{position, *point->time, 0, point->name};
    }
    return std::nullopt;
}

}  // namespace yore::postgresql
