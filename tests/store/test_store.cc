// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

TEST_CASE("What was committed is read back, in this and in the next opening") {
    auto encryption = GENERATE(Encryption::aes_256_gcm, Encryption::none);
    MemoryRepository repository(encryption);
    SeededRandom random(1);
    const Bytes text = text_bytes(random, 100'000);
    const Bytes noise = random_bytes(random, 100'000);
    ChunkId text_id, noise_id, empty_id;
    NodeId node_id;
    {
        auto store = repository.open();
        auto writer = store->write();
        text_id = put_chunk(*writer, text);
        noise_id = put_chunk(*writer, noise);
        empty_id = put_chunk(*writer, {});
        node_id = writer->put_node(text);
        CHECK(store->find(text_id) == std::nullopt);
        auto record = put_record("key", "value");
        CHECK(writer->commit({&record, 1}) == CommitNumber{2});
        CHECK(equal(store->get(text_id), text));
    }
    auto store = repository.open();
    CHECK(store->last_commit() == CommitNumber{2});
    CHECK(equal(store->get(text_id), text));
    CHECK(equal(store->get(noise_id), noise));
    CHECK(store->get(empty_id).empty());
    CHECK(equal(store->get(node_id), text));
    CHECK(equal(*store->record(as_bytes("key")), as_bytes("value")));
    CHECK(store->find(text_id)->stored_bytes < text.size() / 2);
    CHECK(store->find(noise_id)->stored_bytes == noise.size() + seal_overhead_bytes);
    CHECK(store->chunk_id(text) == text_id);
    CHECK(store->node_id(text) == node_id);
}

TEST_CASE("An object that is not there is not_found and named") {
    MemoryRepository repository;
    auto store = repository.open();
    const ChunkId id = store->chunk_id(as_bytes("never stored"));
    const Error error = error_of([&] { (void)store->get(id); });
    CHECK(error.code() == Errc::not_found);
    CHECK_THAT(error.what(), Catch::Contains(id.hex()));
}
