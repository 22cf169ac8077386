// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/guarded.h>
#include <yore/store/object_cache.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <optional>
#include <unordered_map>
#include <utility>

#include "store/cache_shard.h"

namespace yore::store {
namespace {

using Found = CacheShard::Found;

/// Shards large enough for the largest node, few enough to keep budgets whole.
constexpr std::uint64_t shard_bytes_min = node_bytes_max + (1u << 20);
constexpr std::uint64_t shards_max = 16;

struct Shard {
    explicit Shard(std::uint64_t bytes_max) : kept(bytes_max) {}
    CacheShard kept;
    /// Who decodes something, for those who want the same meanwhile.
    std::unordered_map<CacheKey, std::shared_future<Found>, CacheKeyHash> flights;
};

}  // namespace

struct ObjectCache::State {
    State(const Store& store_given, std::uint64_t bytes_max) : store(store_given) {
        const auto count = std::clamp<std::uint64_t>(bytes_max / shard_bytes_min, 1, shards_max);
        for (std::uint64_t i = 0; i < count; ++i) shards.emplace_back(Shard(bytes_max / count));
    }

    Guarded<Shard>& shard_of(const CacheKey& key) {
        return shards[std::to_integer<std::size_t>(key.id[0]) % shards.size()];
    }
    CachedBytes get(const CacheKey&, NodeCheck);
    CachedBytes if_cached(const CacheKey&);
    Found decode(const CacheKey&, NodeCheck);
    Found fly(const CacheKey&, NodeCheck, std::promise<Found>&);
    CachedBytes checked(const CacheKey&, const Found&, NodeCheck);

    void insert(const CacheKey&, const Found&);

    const Store& store;
    std::atomic<const ObjectMaker*> maker = nullptr;
    std::deque<Guarded<Shard>> shards;
    std::atomic<std::uint64_t> hits = 0, misses = 0, waits = 0, evicted = 0;
};

CachedBytes ObjectCache::State::if_cached(const CacheKey& key) {
    auto found = shard_of(key).with([&](Shard& shard) { return shard.kept.find(key); });
    if (found.bytes) hits.fetch_add(1, std::memory_order_relaxed);
    return std::move(found.bytes);
}

CachedBytes ObjectCache::State::get(const CacheKey& key, NodeCheck check) {
    std::optional<std::promise<Found>> own;
    std::shared_future<Found> others;
    Found found = shard_of(key).with([&](Shard& shard) {
        Found kept = shard.kept.find(key);
        if (kept.bytes) return kept;
        auto [flight, is_own] = shard.flights.try_emplace(key);
        if (is_own) {
            flight->second = own.emplace().get_future().share();
        } else {
            others = flight->second;
        }
        return kept;
    });
    if (found.bytes) {
        hits.fetch_add(1, std::memory_order_relaxed);
    } else if (others.valid()) {
        waits.fetch_add(1, std::memory_order_relaxed);
        found = others.get();
    } else {
        misses.fetch_add(1, std::memory_order_relaxed);
        found = fly(key, check, *own);
    }
    return checked(key, found, check);
}

/// Decodes for all who wait. What it throws, they throw too; the next to ask tries again.
Found ObjectCache::State::fly(const CacheKey& key, NodeCheck check, std::promise<Found>& promise) {
    Found found;
    try {
        found = decode(key, check);
    } catch (...) {
        shard_of(key).with([&](Shard& shard) { shard.flights.erase(key); });
        promise.set_exception(std::current_exception());
        throw;
    }
    insert(key, found);
    promise.set_value(found);
    return found;
}

/// And ends its flight, if there is one.
void ObjectCache::State::insert(const CacheKey& key, const Found& found) {
    std::vector<CachedBytes> gone;
    shard_of(key).with([&](Shard& shard) {
        shard.flights.erase(key);
        shard.kept.insert(key, found, gone);
    });
    evicted.fetch_add(gone.size(), std::memory_order_relaxed);
}

Found ObjectCache::State::decode(const CacheKey& key, NodeCheck check) {
    if (key.domain == Domain::chunk) {
        // A base is never a delta, so this goes one level deep and nobody waits in a circle.
        auto base_of = [this](const ChunkId& base) {
            return get({Domain::chunk, base.bytes}, nullptr);
        };
        try {
            return {std::make_shared<const Buffer>(store.get(ChunkId{key.id}, base_of)), nullptr};
        } catch (const Error& error) {
            // Rare: asking first would look each chunk up twice.
            const ObjectMaker* made_by = maker.load();
            if (error.code() != Errc::not_found || made_by == nullptr) throw;
            if (auto made = made_by->make_chunk(ChunkId{key.id})) return {std::move(made), nullptr};
            throw;
        }
    }
    CachedBytes bytes;
    const ObjectMaker* made_by = maker.load();
    if (made_by != nullptr && !store.find(NodeId{key.id})) bytes = made_by->make(NodeId{key.id});
    if (!bytes) bytes = std::make_shared<const Buffer>(store.get(NodeId{key.id}));
    if (check != nullptr) check(NodeId{key.id}, *bytes);
    return {std::move(bytes), check};
}

CachedBytes ObjectCache::State::checked(const CacheKey& key, const Found& found, NodeCheck check) {
    if (check != nullptr && found.check != check) {
        check(NodeId{key.id}, *found.bytes);
        shard_of(key).with([&](Shard& shard) { shard.kept.remember_check(key, check); });
    }
    return found.bytes;
}

ObjectCache::ObjectCache(const Store& store, std::uint64_t bytes_max)
    : state_(std::make_unique<State>(store, bytes_max)) {}
ObjectCache::~ObjectCache() = default;

std::shared_ptr<const Buffer> ObjectCache::chunk(const ChunkId& id) const {
    return state_->get({Domain::chunk, id.bytes}, nullptr);
}
std::shared_ptr<const Buffer> ObjectCache::node(const NodeId& id) const {
    return state_->get({Domain::node, id.bytes}, nullptr);
}
std::shared_ptr<const Buffer> ObjectCache::node(const NodeId& id, NodeCheck check) const {
    return state_->get({Domain::node, id.bytes}, check);
}
std::shared_ptr<const Buffer> ObjectCache::chunk_if_cached(const ChunkId& id) const {
    return state_->if_cached({Domain::chunk, id.bytes});
}
void ObjectCache::add(const NodeId& id, std::shared_ptr<const Buffer> bytes) const {
    state_->insert({Domain::node, id.bytes}, {std::move(bytes), nullptr});
}
void ObjectCache::add(const ChunkId& id, std::shared_ptr<const Buffer> bytes) const {
    state_->insert({Domain::chunk, id.bytes}, {std::move(bytes), nullptr});
}
void ObjectCache::set_maker(const ObjectMaker* maker) {
    state_->maker = maker;
}
const Store& ObjectCache::store() const {
    return state_->store;
}

CacheStats ObjectCache::stats() const {
    CacheStats stats{.hits = state_->hits,
                     .misses = state_->misses,
                     .waits = state_->waits,
                     .evicted = state_->evicted};
    for (const auto& shard : state_->shards) {
        stats.bytes += shard.with([](const Shard& one) { return one.kept.bytes(); });
    }
    return stats;
}

}  // namespace yore::store
