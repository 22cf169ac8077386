// SPDX-License-Identifier: Apache-2.0
//
// What the store holds as a whole, from the packs table and the packs' own indexes.
#include "store/inventory.h"

#include <yore/base/error.h>

#include <utility>

namespace yore::store {

void visit_packs(const StoreState& store,
                 const std::function<bool(std::uint64_t, const format::PackRow&)>& visit) {
    store.backend->scan(Table::packs, {}, {}, [&](ByteView key, ByteView value) {
        auto number = format::parse_pack_key(key);
        if (!number) throw Error(Errc::corrupt, "packs table: a key of another kind");
        return visit(*number, doing([&] { return fmt::format("row of pack {}", *number); },
                                    [&] { return format::decode_pack_row(key, value); }));
    });
}

std::vector<PackInfo> Store::packs() const {
    std::vector<PackInfo> packs;
    visit_packs(*state_, [&](std::uint64_t number, const format::PackRow& row) {
        if (row.state == format::PackState::dropped) return true;
        packs.push_back({.number = number,
                         .domain = row.domain,
                         .condemned = row.state == format::PackState::condemned,
                         .items = row.items,
                         .stored_bytes = row.stored_bytes,
                         .reachable_since = row.reachable_since});
        return true;
    });
    return packs;
}

void Store::list_objects(std::uint64_t pack_number,
                         const std::function<void(const Listed&)>& visit) const {
    const auto row = find_pack_row(*state_->backend, pack_number);
    if (!row || row->state == format::PackState::dropped) return;
    const format::PackIndex index =
        read_pack_index(*state_->backend, state_->codec, {pack_number, *row});
    std::uint32_t place = 0;
    for (const format::PackItem& item : index.items)
        visit({row->domain, item.id,
               ObjectInfo{Location::of(pack_number, place++), item.plain_bytes, item.stored_bytes,
                          item.base}});
}

StoreStats Store::stats() const {
    const CommitNumber now = last_commit();
    auto known = state_->totals.with([](const auto& totals) { return totals; });
    if (!known || known->as_of != now) {
        known.emplace(StoreState::Totals{now, {}});
        StoreStats& sum = known->stats;
        visit_packs(*state_, [&](std::uint64_t, const format::PackRow& row) {
            if (row.state == format::PackState::dropped) return true;
            const bool chunks = row.domain == Domain::chunk;
            ++sum.packs;
            (chunks ? sum.chunks : sum.nodes) += row.items;
            (chunks ? sum.chunk_plain_bytes : sum.node_plain_bytes) += row.plain_bytes;
            (chunks ? sum.chunk_stored_bytes : sum.node_stored_bytes) += row.stored_bytes;
            return true;
        });
        state_->totals.with([&](auto& totals) { totals = known; });
    }
    known->stats.tail_pieces = known->stats.tail_stored_bytes = 0;
    state_->backend->scan_tails({}, [&](const TailKey&, ByteView sealed) {
        ++known->stats.tail_pieces;
        known->stats.tail_stored_bytes += sealed.size();
        return true;
    });
    known->stats.backend_bytes = state_->backend->stored_bytes();
    return known->stats;
}

}  // namespace yore::store
