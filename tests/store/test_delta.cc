// SPDX-License-Identifier: Apache-2.0
#include <yore/store/object_cache.h>

#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

/// A block of which a few bytes were changed since.
struct Changed {
    Changed() : before(text_bytes(random, 65536)), after(before) {
        for (int i = 0; i < 20; ++i) after[random.below(after.size())] ^= std::byte{1};
    }
    SeededRandom random{11};
    Bytes before, after;
};

ChunkHints against(const ChunkId& id, ByteView plain) {
    auto shared = std::make_shared<const Buffer>(Buffer::copy_of(plain));
    return {.base = [=] { return DeltaBase{id, shared}; }};
}

}  // namespace

TEST_CASE("A changed block is stored as what changed, and read back through its base") {
    auto encryption = GENERATE(Encryption::aes_256_gcm, Encryption::none);
    MemoryRepository repository(encryption);
    Changed block;
    auto store = repository.open();
    auto writer = store->write();
    const ChunkId base = put_chunk(*writer, block.before);
    writer->commit({});
    const ChunkId changed = put_chunk(*writer, block.after, against(base, block.before));
    writer->commit({});

    auto info = store->find(changed);
    CHECK(info->base == base);
    CHECK(info->stored_bytes < 500);
    CHECK(info->plain_bytes == block.after.size());
    CHECK(equal(store->get(changed), block.after));
    CHECK(equal(repository.open()->get(changed), block.after));
    CHECK(store->check_tables().empty());

    ObjectCache cache(*store, 1 << 20);
    CHECK(equal(*cache.chunk(changed), block.after));
    CHECK(cache.stats().misses == 2);
    CHECK(equal(*cache.chunk_if_cached(base), block.before));
}

TEST_CASE("A base that would not do is not used") {
    MemoryRepository repository;
    Changed block;
    auto store = repository.open();
    auto writer = store->write();
    const ChunkId base = put_chunk(*writer, block.before);
    const Bytes noise = random_bytes(block.random, 65536);
    ChunkId stored;
    SECTION("not committed") {
        stored = put_chunk(*writer, block.after, against(base, block.before));
    }
    SECTION("unknown") {
        writer->commit({});
        stored =
            put_chunk(*writer, block.after, against(store->chunk_id(as_bytes("?")), block.before));
    }
    SECTION("of another length than its bytes") {
        writer->commit({});
        stored = put_chunk(*writer, block.after, against(base, as_bytes("short")));
    }
    SECTION("unrelated") {
        writer->commit({});
        const Bytes text = text_bytes(block.random, 65536);
        stored = put_chunk(*writer, text, against(base, block.before));
    }
    SECTION("itself a delta") {
        writer->commit({});
        const ChunkId delta = put_chunk(*writer, block.after, against(base, block.before));
        writer->commit({});
        REQUIRE(store->find(delta)->base);
        Bytes later = block.after;
        later[0] ^= std::byte{1};
        stored = put_chunk(*writer, later, against(delta, block.after));
    }
    SECTION("it cannot be read") {
        writer->commit({});
        stored = put_chunk(*writer, block.after, {.base = []() -> std::optional<DeltaBase> {
            throw Error(Errc::corrupt, "damaged");
        }});
    }
    SECTION("there is none after all") {
        stored = put_chunk(*writer, block.after, {.base = [] { return std::nullopt; }});
    }
    writer->commit({});
    CHECK(store->find(stored)->base == std::nullopt);
    CHECK(store->get(stored).size() == 65536);
    CHECK(store->check_tables().empty());
}

TEST_CASE("The base is asked for only when the chunk is new") {
    MemoryRepository repository;
    Changed block;
    auto store = repository.open();
    auto writer = store->write();
    put_chunk(*writer, block.before);
    int asked = 0;
    const ChunkHints hints{.base = [&]() -> std::optional<DeltaBase> {
        ++asked;
        return std::nullopt;
    }};
    put_chunk(*writer, block.before, hints);
    CHECK(asked == 0);
    put_chunk(*writer, block.after, hints);
    CHECK(asked == 1);
}

TEST_CASE("A delta opened against other bytes than its base's is damage, not other bytes") {
    MemoryRepository repository;
    Changed block;
    auto store = repository.open();
    auto writer = store->write();
    const ChunkId base = put_chunk(*writer, block.before);
    writer->commit({});
    Bytes wrong = block.before;
    for (auto& byte : wrong) byte ^= std::byte{4};
    const ChunkId changed = put_chunk(*writer, wrong, against(base, wrong));
    writer->commit({});
    REQUIRE(store->find(changed)->base);
    const Error error = error_of([&] { (void)store->get(changed); });
    CHECK(error.code() == Errc::corrupt);
    CHECK_THAT(error.what(), Catch::Contains(changed.hex()));
}

TEST_CASE("A whole chunk does not become a delta under those that build on it") {
    MemoryRepository repository;
    Changed block;
    auto store = repository.open();
    auto one = store->write(), other = store->write();
    const ChunkId base = put_chunk(*one, block.before);
    one->commit({});
    put_chunk(*one, block.after);
    Prepared as_delta = other->prepare_chunk(block.after, against(base, block.before));
    REQUIRE(as_delta.base());
    one->commit({});
    other->append(std::move(as_delta));
    other->commit({});
    const ChunkId middle = store->chunk_id(block.after);
    CHECK(store->find(middle)->base == std::nullopt);
    CHECK(equal(store->get(middle), block.after));
    CHECK(store->check_tables().empty());
}
