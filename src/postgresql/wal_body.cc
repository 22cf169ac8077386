// SPDX-License-Identifier: Apache-2.0
#include "postgresql/wal_body.h"

#include <algorithm>
#include <array>

#include "postgresql/wal_bytes.h"

namespace yore::postgresql {
namespace {

// XLOG_XACT_*, access/xact.h.
enum : std::uint8_t {
    xact_commit = 0x00,
    xact_abort = 0x20,
    xact_commit_prepared = 0x30,
    xact_abort_prepared = 0x40,
    xact_kind_mask = 0x70,
    xact_has_flags = 0x80,
};

// XLR_BLOCK_ID_*, access/xlogrecord.h.
enum : std::uint8_t {
    id_data_short = 255,
    id_data_long = 254,
    id_origin = 253,
    id_top_transaction = 252,
};

/// What may follow the time, in this order: there when `flag` is set (XACT_XINFO_*, access/xact.h):
/// a number, then so many items.
struct OptionalPart {
    WalBody::Part part;
    std::uint32_t flag;
    std::uint32_t item_bytes;
};
constexpr std::array<OptionalPart, 7> optional_parts{{
    {WalBody::Part::flags, 0, 0},
    {WalBody::Part::database, 1u << 0, 0},
    {WalBody::Part::subtransactions, 1u << 1, 4},
    {WalBody::Part::relations, 1u << 2, 12},
    {WalBody::Part::statistics, 1u << 8, 12},
    {WalBody::Part::invalidations, 1u << 3, 16},
    {WalBody::Part::two_phase, 1u << 4, 0},
}};

std::uint32_t item_bytes(WalBody::Part part, int major_version) {
    if (part == WalBody::Part::statistics && major_version >= 18) return 16;  // 64-bit object ids
    const auto* found = std::ranges::find(optional_parts, part, &OptionalPart::part);
    return found == optional_parts.end() ? 0 : found->item_bytes;
}

bool is_prepared(std::uint8_t info) {
    const int kind = info & xact_kind_mask;
    return kind == xact_commit_prepared || kind == xact_abort_prepared;
}

bool ends_transaction(std::uint8_t info) {
    const int kind = info & xact_kind_mask;
    return kind == xact_commit || kind == xact_abort || is_prepared(info);
}

TransactionEnd transaction_of(const WalRecord& record) {
    const int kind = record.info & xact_kind_mask;
    const bool commits = kind == xact_commit || kind == xact_commit_prepared;
    return {commits ? TransactionEnd::Kind::commit : TransactionEnd::Kind::abort,
            is_prepared(record.info),
            record.xid,
            std::nullopt,
            0,
            0};
}

}  // namespace

bool is_segment_switch(std::uint8_t resource_manager, std::uint8_t info) {
    return resource_manager == rmgr_xlog && (info & info_mask) == 0x40;
}

bool WalBody::has_facts(std::uint8_t resource_manager, std::uint8_t info) {
    switch (resource_manager) {
        case rmgr_transaction:
            return ends_transaction(info);
        case rmgr_tablespace:
            return (info & info_mask) <= 0x10;
        case rmgr_xlog: {
            const int kind = info & info_mask;
            return kind <= 0x10 || (kind >= 0x60 && kind <= 0x90) || kind == 0xD0;
        }
        default:
            return false;
    }
}

void WalBody::begin(int major_version, const WalRecord& record) {
    major_version_ = major_version;
    resource_manager_ = record.resource_manager;
    info_ = record.info;
    skip_bytes_ = data_bytes_left_ = flags_ = 0;
    transaction_ = transaction_of(record);
    want(Part::id);
}

void WalBody::feed(ByteView bytes) {
    while (!bytes.empty() && part_ < Part::done) {
        if (skip_bytes_ > 0) {
            const auto skipped = std::min<std::uint64_t>(skip_bytes_, bytes.size());
            skip_bytes_ -= skipped;
            bytes = bytes.subspan(skipped);
            continue;
        }
        const auto taken = bytes.first(std::min(bytes.size(), wanted_bytes() - field_.size()));
        field_.insert(field_.end(), taken.begin(), taken.end());
        bytes = bytes.subspan(taken.size());
        if (field_.size() == wanted_bytes()) take_part();
    }
}

std::optional<WalFact> WalBody::finish() {
    if (part_ != Part::done) return std::nullopt;
    if (resource_manager_ == rmgr_transaction) return transaction_;
    return read_fact(resource_manager_, info_, field_);
}

std::size_t WalBody::wanted_bytes() const {
    switch (part_) {
        case Part::id:
        case Part::short_length:
            return 1;
        case Part::origin:
            return 2;
        case Part::time:
        case Part::database:
            return 8;
        case Part::whole:
            return data_bytes_left_;
        default:
            return 4;
    }
}

void WalBody::want(Part part) {
    part_ = part;
    field_.clear();
}

void WalBody::take_part() {
    if (part_ < Part::whole) return take_header();
    if (part_ == Part::whole) {
        part_ = Part::done;
        return;
    }
    take_transaction_part();
}

/// None of these records names blocks, so the data is behind one or two headers at most.
void WalBody::take_header() {
    switch (part_) {
        case Part::id:
            switch (std::to_integer<std::uint8_t>(field_[0])) {
                case id_data_short:
                    return want(Part::short_length);
                case id_data_long:
                    return want(Part::long_length);
                case id_origin:
                    return want(Part::origin);
                case id_top_transaction:
                    return want(Part::top_transaction);
                default:
                    return want(Part::odd);
            }
        case Part::short_length:
            return begin_data(std::to_integer<std::uint32_t>(field_[0]));
        case Part::long_length:
            return begin_data(load<std::uint32_t>(field_));
        default:
            return want(Part::id);
    }
}

void WalBody::begin_data(std::uint32_t bytes) {
    data_bytes_left_ = bytes;
    if (resource_manager_ == rmgr_transaction) return want_data(Part::time);
    const bool fits = bytes > 0 && bytes <= whole_bytes_max;
    want(fits ? Part::whole : Part::odd);
}

/// A part of a transaction's data, if there is that much.
void WalBody::want_data(Part part) {
    want(part);
    if (wanted_bytes() > data_bytes_left_) return want(Part::odd);
    data_bytes_left_ -= wanted_bytes();
}

void WalBody::take_transaction_part() {
    const Part part = part_;
    if (part == Part::time) {
        transaction_.time = time_of(load<std::uint64_t>(field_));
        return go_behind(part);
    }
    const auto number = load<std::uint32_t>(field_);
    if (part == Part::flags) flags_ = number;
    if (part == Part::subtransactions) transaction_.subtransaction_count = number;
    if (part == Part::relations) transaction_.dropped_relation_count = number;
    if (part == Part::two_phase) transaction_.xid = number;
    skip_bytes_ = std::uint64_t{number} * item_bytes(part, major_version_);
    if (skip_bytes_ > data_bytes_left_) return want(Part::odd);
    data_bytes_left_ -= skip_bytes_;
    go_behind(part);
}

void WalBody::go_behind(Part part) {
    for (const OptionalPart& next : optional_parts) {
        const bool present =
            next.part == Part::flags ? (info_ & xact_has_flags) != 0 : (flags_ & next.flag) != 0;
        if (next.part <= part || !present) continue;
        return want_data(next.part);
    }
    want(is_prepared(info_) && part != Part::two_phase ? Part::odd : Part::done);
}

}  // namespace yore::postgresql
