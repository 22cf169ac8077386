// SPDX-License-Identifier: Apache-2.0
#include "store/commit_rows.h"

#include <yore/base/error.h>

#include <utility>

namespace yore::store {
namespace {

constexpr Effort record_effort{3};

}  // namespace

std::optional<format::PackRow> find_pack_row(const Backend& backend, std::uint64_t number) {
    const Bytes key = format::pack_key(number);
    auto value = backend.get(Table::packs, key);
    if (!value) return std::nullopt;
    return doing([&] { return fmt::format("row of pack {}", number); },
                 [&] { return format::decode_pack_row(key, *value); });
}

format::PackIndex read_pack_index(const Backend& backend, const Codec& codec,
                                  const KnownPack& pack) {
    const format::PackRow& row = pack.row;
    return doing([&] { return fmt::format("pack {} ({})", pack.number, row.id.hex()); },
                 [&] {
                     auto sealed = backend.read_pack_index(row.domain, pack.number);
                     if (!sealed) throw Error(Errc::corrupt, "its index is not there");
                     Buffer plain = codec.unpack(*sealed, {SealKind::pack_index, row.id.view()}, {},
                                                 format::pack_index_bytes_max);
                     return format::decode_pack_index(plain, row.id, row.domain);
                 });
}

void CommitRows::add(CommitRequest& request, CommitBatch& batch) const {
    for (FinishedPack& pack : request.packs) add_pack(pack, batch);
    for (const KnownPack& pack : request.condemned) condemn(pack, batch);
    for (const KnownPack& pack : request.dropped) drop(pack, batch);
    for (std::uint64_t number : request.forgotten) {
        batch.changes.push_back({Table::packs, format::pack_key(number), std::nullopt});
    }
    for (const RecordChange& record : request.records) add_record(record, batch);
    for (const RecordChange& mark : request.marks) add_record(mark, batch);
}

std::vector<RecordChange> CommitRows::marks_of(const CommitRequest& request, Timestamp now) const {
    using format::DamageState;
    std::vector<RecordChange> marks;
    const auto add = [&](Domain domain, const format::ObjectId& id, DamageState state,
                         Timestamp found) {
        marks.push_back({format::damage_key(domain, id),
                         format::encode_damage_mark({domain, id, state, found})});
    };
    for (const DamagedObject& object : request.damaged) {
        const auto row = find_index_row(format::index_key(object.domain, object.id));
        if (row && row->location == object.location && !damaged_.contains(object.domain, object.id))
            add(object.domain, object.id, DamageState::damaged, now);
    }
    if (!damaged_.any()) return marks;
    for (const FinishedPack& pack : request.packs) {
        if (pack.is_moved) continue;
        for (const format::PackItem& item : pack.index.items)
            if (const auto found = damaged_.found_at(pack.index.domain, item.id))
                add(pack.index.domain, item.id, DamageState::stored_anew, *found);
    }
    return marks;
}

void CommitRows::add_pack(FinishedPack& pack, CommitBatch& batch) const {
    const Domain domain = pack.index.domain;
    batch.changes.reserve(batch.changes.size() + pack.index.items.size() + 1);
    std::uint32_t place = 0;
    for (const format::PackItem& item : pack.index.items) {
        const Location location = Location::of(pack.number, place++);
        Bytes key = format::index_key(domain, item.id);
        if (!takes_effect(pack, item, key)) continue;
        Bytes row = format::encode_index_row(key, {.location = location,
                                                   .plain_bytes = item.plain_bytes,
                                                   .stored_bytes = item.stored_bytes,
                                                   .base = item.base});
        batch.changes.push_back({Table::index, std::move(key), std::move(row)});
    }
    put_row(pack.number,
            {.id = pack.index.pack,
             .domain = domain,
             .is_inline = pack.is_inline,
             .items = static_cast<std::uint32_t>(pack.index.items.size()),
             .plain_bytes = pack.plain_bytes,
             .stored_bytes = pack.stored_bytes,
             .reachable_since = batch.number},
            batch);
    if (!pack.is_inline) {
        batch.finished_packs.push_back(pack.number);
        return;
    }
    batch.inline_packs.push_back(
        {pack.number, domain, std::move(pack.inline_items), std::move(pack.sealed_index)});
}

std::optional<format::IndexRow> CommitRows::find_index_row(ByteView key) const {
    auto value = backend_.get(Table::index, key);
    if (!value) return std::nullopt;
    return format::decode_index_row(key, *value);
}

bool CommitRows::is_in_live_pack(const format::IndexRow& row) const {
    auto pack = find_pack_row(backend_, row.location.pack_number());
    return pack && pack->state == format::PackState::live;
}

/// Who meets this delta from now on may build on it.
bool CommitRows::is_sound_delta(const format::IndexRow& row) const {
    if (!is_in_live_pack(row) || damaged_.contains(Domain::chunk, row.base->bytes)) return false;
    auto base = find_index_row(format::index_key(Domain::chunk, row.base->bytes));
    return base && !base->base && is_in_live_pack(*base);
}

/// Whether the object is to be read here from now on. Another Writer may have stored it meanwhile:
/// if whole, it shall not turn into a delta, as it may have become a base.
bool CommitRows::takes_effect(const FinishedPack& pack, const format::PackItem& item,
                              ByteView index_key) const {
    if (!pack.is_moved && !item.base) return true;
    auto row = find_index_row(index_key);
    if (pack.is_moved) return row && !is_in_live_pack(*row);
    return !row || damaged_.contains(pack.index.domain, item.id) ||
           (row->base && !is_sound_delta(*row));
}

void CommitRows::put_row(std::uint64_t pack_number, const format::PackRow& row,
                         CommitBatch& batch) const {
    Bytes key = format::pack_key(pack_number);
    Bytes value = format::encode_pack_row(key, row);
    batch.changes.push_back({Table::packs, std::move(key), std::move(value)});
}

void CommitRows::condemn(const KnownPack& pack, CommitBatch& batch) const {
    format::PackRow row = pack.row;
    row.state = format::PackState::condemned;
    row.condemned_by = batch.number;
    put_row(pack.number, row, batch);
}

/// With the pack go the index rows that still lead into it, not those of what was moved. Its own
/// row stays until its space is given back, so that a crash in between forgets nothing.
void CommitRows::drop(const KnownPack& pack, CommitBatch& batch) const {
    const format::PackIndex index = read_pack_index(backend_, codec_, pack);
    for (const format::PackItem& item : index.items) {
        Bytes key = format::index_key(index.domain, item.id);
        const auto row = find_index_row(key);
        if (!row || row->location.pack_number() != pack.number) continue;
        batch.changes.push_back({Table::index, std::move(key), std::nullopt});
    }
    format::PackRow row = pack.row;
    row.state = format::PackState::dropped;
    put_row(pack.number, row, batch);
}

void CommitRows::add_record(const RecordChange& record, CommitBatch& batch) const {
    std::optional<Bytes> sealed;
    if (record.value) {
        sealed = to_bytes(codec_.pack(record_sealer_, {SealKind::record, record.key}, *record.value,
                                      record_effort));
    }
    batch.changes.push_back({Table::catalog, record.key, std::move(sealed)});
}

}  // namespace yore::store
