// SPDX-License-Identifier: Apache-2.0
//
// How packs go: condemned by a commit, so that nobody builds on them any more; dropped by another
// one when all who might have are gone. Between the two, collect copies what is live.
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/store/reclaim.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "store/inventory.h"
#include "store/pack_builder.h"

namespace yore::store {
namespace {

std::vector<KnownPack> known_packs(const StoreState& store, std::span<const std::uint64_t> numbers,
                                   format::PackState state) {
    std::vector<KnownPack> packs;
    for (std::uint64_t number : numbers) {
        auto row = find_pack_row(*store.backend, number);
        if (!row) throw Error(Errc::invalid, fmt::format("there is no pack {}", number));
        if (row->state != state) {
            throw Error(Errc::invalid,
                        fmt::format("pack {} is {}", number,
                                    state == format::PackState::live ? "condemned already"
                                                                     : "not condemned"));
        }
        packs.push_back({number, *row});
    }
    return packs;
}

std::optional<KnownPack> sound_row(ByteView key, ByteView value) {
    const auto number = format::parse_pack_key(key);
    if (!number) return std::nullopt;
    try {
        return KnownPack{*number, format::decode_pack_row(key, value)};
    } catch (const Error& error) {
        log_warning("row of pack {}: {}", *number, error.what());
        return std::nullopt;
    }
}

bool can_read(const StoreState& store, Domain domain, Location location,
              const format::PackItem& item, Buffer& into) {
    const auto name = [&] {
        return fmt::format("{} in pack {}", name_of(domain, item.id), location.pack_number());
    };
    try {
        if (store.backend->read(domain, location, into) && into.size() == item.stored_bytes)
            return true;
        log_warning("{}: it is not there", name());
    } catch (const Error& error) {
        if (error.code() != Errc::corrupt && error.code() != Errc::io) throw;
        log_warning("{}: {}", name(), error.what());
    }
    return false;
}

}  // namespace

/// A damaged row is not a reason to open nothing: `check_tables` reports it.
void StoreState::load_pack_states() {
    std::vector<KnownPack> dropped;
    backend->scan(Table::packs, {}, {}, [&](ByteView key, ByteView value) {
        auto known = sound_row(key, value);
        if (!known) return true;
        if (known->row.state == format::PackState::condemned) condemned.add(known->number, 0);
        if (known->row.state == format::PackState::dropped) dropped.push_back(*known);
        return true;
    });
    if (options.read_only) return;
    for (const KnownPack& pack : dropped) give_back(pack);
}

void StoreState::give_back(const KnownPack& pack) {
    backend->drop_pack(pack.row.domain, pack.number);
    log.forget_with_next_commit(pack.number);
}

void CondemnedPacks::add(std::uint64_t number, std::uint64_t epoch) {
    std::unique_lock lock(mutex_);
    epochs_[number] = epoch;
    any_ = true;
}

bool CondemnedPacks::contains(std::uint64_t number) const {
    if (!any_) return false;
    std::shared_lock lock(mutex_);
    return epochs_.contains(number);
}

std::uint64_t CondemnedPacks::epoch_of(std::span<const std::uint64_t> numbers) const {
    std::shared_lock lock(mutex_);
    std::uint64_t last = 0;
    for (std::uint64_t number : numbers)
        if (auto found = epochs_.find(number); found != epochs_.end())
            last = std::max(last, found->second);
    return last;
}

/// Packs in the making; one of them may be finished and uncommitted for a moment.
struct Reclaim::Copies {
    /// A step that others wait for: while a commit looks up that many objects.
    static constexpr std::size_t items_max = 1u << 14;

    explicit Copies(StoreState& store)
        : packs{PackBuilder(store, Domain::chunk), PackBuilder(store, Domain::node)} {}
    PackBuilder& of(Domain domain) { return packs[domain == Domain::chunk ? 0 : 1]; }
    bool full() const { return items >= items_max || packs[0].full() || packs[1].full(); }

    std::array<PackBuilder, 2> packs;
    std::size_t items = 0;
};

Reclaim::Reclaim(Store& store) : store_(*store.state_), copies_(std::make_unique<Copies>(store_)) {}
Reclaim::~Reclaim() = default;

CommitNumber Reclaim::safe_until() const {
    return store_.oldest_build();
}

void Reclaim::condemn(std::span<const std::uint64_t> pack_numbers) {
    CommitRequest request;
    request.built_on = store_.log.last();
    request.condemned = known_packs(store_, pack_numbers, format::PackState::live);
    // Before the commit: a Writer that stores an object once too often does no harm.
    constexpr auto not_yet = std::numeric_limits<std::uint64_t>::max();
    for (std::uint64_t number : pack_numbers) store_.condemned.add(number, not_yet);
    store_.commit(request);
    const std::uint64_t epoch = store_.epochs.advance();
    for (std::uint64_t number : pack_numbers) store_.condemned.add(number, epoch);
}

bool Reclaim::wait_for_writers(std::span<const std::uint64_t> pack_numbers,
                               std::chrono::milliseconds patience) const {
    return store_.epochs.wait_until_unused(store_.condemned.epoch_of(pack_numbers), patience);
}

Reclaim::Copied Reclaim::copy(const PackInfo& pack,
                              const std::function<bool(std::uint32_t item)>& is_live) {
    const auto known = known_packs(store_, {&pack.number, 1}, format::PackState::condemned);
    const format::PackIndex index = read_pack_index(*store_.backend, store_.codec, known[0]);
    Copied copied;
    std::uint32_t place = 0;
    for (const format::PackItem& item : index.items) {
        const Location location = Location::of(pack.number, place++);
        if (!is_live(location.item())) continue;
        Buffer sealed;
        if (!can_read(store_, pack.domain, location, item, sealed)) {
            copied.damaged.push_back({pack.domain, item.id, location});
            continue;
        }
        copies_->of(pack.domain).append({pack.domain, item, std::move(sealed)});
        ++copies_->items;
        ++copied.objects;
        copied.bytes += item.stored_bytes;
        if (copies_->full()) commit_copies();
    }
    return copied;
}

void Reclaim::commit_copies() {
    if (copies_->items == 0) return;
    auto copies = std::exchange(copies_, std::make_unique<Copies>(store_));
    CommitRequest request;
    request.built_on = store_.log.last();
    std::vector<std::pair<Domain, std::uint64_t>> files;
    try {
        for (PackBuilder& pack : copies->packs) {
            if (pack.empty()) continue;
            request.packs.push_back(pack.finish());
            FinishedPack& finished = request.packs.back();
            finished.is_moved = true;
            if (!finished.is_inline) files.emplace_back(finished.index.domain, finished.number);
        }
        store_.commit(request);
    } catch (...) {
        if (!store_.log.read_only())  // a full disk: no commit named them
            for (const auto& [domain, number] : files) store_.backend->drop_pack(domain, number);
        throw;
    }
}

void Reclaim::drop(std::span<const std::uint64_t> pack_numbers) {
    auto packs = known_packs(store_, pack_numbers, format::PackState::condemned);
    if (!wait_for_writers(pack_numbers, std::chrono::milliseconds(0)))
        throw Error(Errc::busy, "a backup that began before still may build on these packs");
    commit_copies();
    if (packs.empty()) return;
    CommitRequest request;
    request.built_on = store_.log.last();
    request.dropped = std::move(packs);
    store_.commit(request);
    for (const KnownPack& pack : request.dropped) store_.give_back(pack);
}

}  // namespace yore::store
