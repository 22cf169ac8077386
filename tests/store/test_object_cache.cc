// SPDX-License-Identifier: Apache-2.0
#include <yore/store/object_cache.h>

#include <atomic>
#include <thread>

#include "store/cache_shard.h"
#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

/// A store with `count` chunks and as many nodes of `size` random bytes.
struct Stocked {
    Stocked(std::size_t count, std::size_t size) {
        store = repository.open();
        auto writer = store->write();
        SeededRandom random(3);
        for (std::size_t i = 0; i < count; ++i) {
            plain.push_back(random_bytes(random, size));
            chunks.push_back(put_chunk(*writer, plain.back()));
            nodes.push_back(writer->put_node(plain.back()));
        }
        writer->commit({});
    }
    MemoryRepository repository;
    std::unique_ptr<Store> store;
    std::vector<Bytes> plain;
    std::vector<ChunkId> chunks;
    std::vector<NodeId> nodes;
};

CacheKey key_of(Domain domain, unsigned number) {
    CacheKey key{domain, {}};
    std::memcpy(key.id.data() + 8, &number, sizeof number);
    return key;
}
CacheShard::Found bytes_of(std::size_t size) {
    return {std::make_shared<const Buffer>(size), nullptr};
}

std::atomic<int> checks_run;
void count_check(const NodeId&, ByteView) {
    ++checks_run;
}
void refuse(const NodeId& id, ByteView) {
    throw Error(Errc::corrupt, "node " + id.hex() + ": refused");
}

}  // namespace

TEST_CASE("An object is decoded once and served from memory then") {
    Stocked stocked(3, 1000);
    ObjectCache cache(*stocked.store, 1 << 20);
    CHECK(cache.chunk_if_cached(stocked.chunks[0]) == nullptr);
    auto first = cache.chunk(stocked.chunks[0]);
    CHECK(equal(*first, stocked.plain[0]));
    CHECK(cache.chunk(stocked.chunks[0]) == first);
    CHECK(cache.chunk_if_cached(stocked.chunks[0]) == first);
    CHECK(equal(*cache.node(stocked.nodes[0]), stocked.plain[0]));
    CacheStats stats = cache.stats();
    CHECK(stats.hits == 2);
    CHECK(stats.misses == 2);
    CHECK(stats.bytes > 2000);
}

TEST_CASE("What is absent throws each time and is not cached") {
    Stocked stocked(1, 10);
    ObjectCache cache(*stocked.store, 1 << 20);
    const ChunkId absent = stocked.store->chunk_id(as_bytes("absent"));
    CHECK(error_of([&] { cache.chunk(absent); }).code() == Errc::not_found);
    auto writer = stocked.store->write();
    put_chunk(*writer, as_bytes("absent"));
    writer->commit({});
    CHECK(equal(*cache.chunk(absent), as_bytes("absent")));
}

TEST_CASE("The budget holds, and what was handed out outlives its eviction") {
    Stocked stocked(64, 10'000);
    ObjectCache cache(*stocked.store, 200'000);
    auto held = cache.chunk(stocked.chunks[0]);
    for (const ChunkId& id : stocked.chunks) {
        cache.chunk(id);
        CHECK(cache.stats().bytes <= 200'000);
    }
    CHECK(cache.stats().evicted >= 40);
    CHECK(equal(*held, stocked.plain[0]));
}

TEST_CASE("A node is checked once for as long as it stays") {
    Stocked stocked(2, 1000);
    ObjectCache cache(*stocked.store, 1 << 20);
    checks_run = 0;
    cache.node(stocked.nodes[0], count_check);
    cache.node(stocked.nodes[0], count_check);
    CHECK(checks_run == 1);
    CHECK(error_of([&] { cache.node(stocked.nodes[0], refuse); }).code() == Errc::corrupt);
    CHECK(error_of([&] { cache.node(stocked.nodes[1], refuse); }).code() == Errc::corrupt);
    CHECK(equal(*cache.node(stocked.nodes[1]), stocked.plain[1]));
    cache.node(stocked.nodes[1], count_check);
    CHECK(checks_run == 2);
}

TEST_CASE("Reading one long file flushes neither nodes nor chunks in use") {
    CacheShard shard(1'000'000);
    std::vector<CachedBytes> gone;
    for (unsigned i = 0; i < 100; ++i) {
        shard.insert(key_of(Domain::node, i), bytes_of(1000), gone);
    }
    for (unsigned i = 0; i < 10; ++i) {
        shard.insert(key_of(Domain::chunk, i), bytes_of(10'000), gone);
    }
    for (unsigned i = 10; i < 30; ++i) {
        shard.insert(key_of(Domain::chunk, i), bytes_of(10'000), gone);
    }
    for (unsigned i = 0; i < 10; ++i) CHECK(shard.find(key_of(Domain::chunk, i)).bytes);
    for (unsigned i = 1000; i < 2000; ++i) {
        shard.insert(key_of(Domain::chunk, i), bytes_of(10'000), gone);
        for (int reads = 0; reads < 4; ++reads) shard.find(key_of(Domain::chunk, i));
    }
    for (unsigned i = 0; i < 100; ++i) CHECK(shard.find(key_of(Domain::node, i)).bytes);
    for (unsigned i = 0; i < 10; ++i) CHECK(shard.find(key_of(Domain::chunk, i)).bytes);
    CHECK(shard.bytes() <= 1'000'000);
}

TEST_CASE("A shard never holds more than its budget nor anything it was not given") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    CacheShard shard(100'000);
    std::map<unsigned, CachedBytes> given;
    for (int step = 0; step < 20'000; ++step) {
        const auto number = static_cast<unsigned>(random.below(300));
        const CacheKey key = key_of(number % 3 == 0 ? Domain::node : Domain::chunk, number);
        auto found = shard.find(key).bytes;
        if (found) {
            REQUIRE(found == given[number]);
            continue;
        }
        std::vector<CachedBytes> gone;
        auto made = bytes_of(random.below(120) == 0 ? 101'000 : random.below(20'000));
        shard.insert(key, made, gone);
        given[number] = made.bytes;
        REQUIRE(shard.bytes() <= 100'000);
        REQUIRE((shard.find(key).bytes != nullptr) == (made.bytes->size() < 99'000));
        for (const auto& one : gone) REQUIRE(one != nullptr);
    }
}

TEST_CASE("Threads that want the same object at once decode it once") {
    Stocked stocked(200, 2000);
    ObjectCache cache(*stocked.store, 8 << 20);
    std::atomic<int> wrong = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (std::size_t i = 0; i < stocked.chunks.size(); ++i) {
                if (!equal(*cache.chunk(stocked.chunks[i]), stocked.plain[i])) ++wrong;
                if (!equal(*cache.node(stocked.nodes[i], count_check), stocked.plain[i])) ++wrong;
            }
        });
    }
    threads.clear();
    CHECK(wrong == 0);
    const CacheStats stats = cache.stats();
    CHECK(stats.misses == 400);
    CHECK(stats.hits + stats.waits == 3 * 400);
}

TEST_CASE("Threads in a cache too small for them get the right bytes") {
    CAPTURE(test_seed());
    Stocked stocked(100, 3000);
    ObjectCache cache(*stocked.store, 30'000);
    std::atomic<int> wrong = 0;
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            SeededRandom random(test_seed() + t);
            for (int i = 0; i < 2000; ++i) {
                std::size_t which = random.below(100);
                if (!equal(*cache.chunk(stocked.chunks[which]), stocked.plain[which])) ++wrong;
                if (!equal(*cache.node(stocked.nodes[which]), stocked.plain[which])) ++wrong;
            }
        });
    }
    threads.clear();
    CHECK(wrong == 0);
    CHECK(cache.stats().bytes <= 30'000);
}
