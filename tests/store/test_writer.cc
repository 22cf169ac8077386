// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "store/claims.h"
#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

/// Fails where a test says so.
class FailingBackend final : public SharedBackend {
  public:
    using SharedBackend::SharedBackend;
    std::unique_ptr<PackSink> create_pack(Domain domain, std::uint64_t number) override {
        if (fail_packs) throw Error(Errc::no_space, "create a pack: no space left");
        return SharedBackend::create_pack(domain, number);
    }
    Append append(const CommitBatch& batch) override {
        if (fail_commits) throw Error(Errc::io, "sync: input/output error");
        return SharedBackend::append(batch);
    }
    std::atomic<bool> fail_packs = false, fail_commits = false;
};

struct Faulty {
    explicit Faulty(StoreOptions options = {}) {
        auto owned = std::make_unique<FailingBackend>(repository.backend);
        backend = owned.get();
        store = std::make_unique<Store>(std::move(owned), keys_from(7, repository.encryption),
                                        options, repository.clock);
    }
    MemoryRepository repository;
    FailingBackend* backend;
    std::unique_ptr<Store> store;
};

std::vector<Bytes> many_random(std::size_t count, std::size_t size, std::uint64_t seed) {
    SeededRandom random(seed);
    std::vector<Bytes> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(random_bytes(random, size));
    return all;
}

bool wait_for(const std::function<bool()>& condition) {
    for (int i = 0; i < 6000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

}  // namespace

TEST_CASE("Equal bytes are stored once, in a run and across runs") {
    MemoryRepository repository;
    auto store = repository.open();
    auto writer = store->write();
    Prepared first = writer->prepare_chunk(as_bytes("same bytes"));
    Prepared second = writer->prepare_chunk(as_bytes("same bytes"));
    CHECK(first.is_new());
    CHECK_FALSE(second.is_new());
    CHECK(first.chunk_id() == second.chunk_id());
    CHECK(second.stored_bytes() == 0);
    writer->append(std::move(second));
    writer->append(std::move(first));
    CHECK_FALSE(writer->prepare_chunk(as_bytes("same bytes")).is_new());
    CHECK(writer->prepare_node(as_bytes("same bytes")).is_new());
    writer->commit({});
    CHECK_FALSE(writer->prepare_chunk(as_bytes("same bytes")).is_new());
    CHECK_FALSE(repository.open()->write()->prepare_chunk(as_bytes("same bytes")).is_new());
    CHECK(store->stats().chunks == 1);
}

TEST_CASE("What was prepared and dropped is prepared anew, unless somebody relied on it") {
    MemoryRepository repository;
    auto store = repository.open();
    auto writer = store->write();
    { CHECK(writer->prepare_chunk(as_bytes("dropped")).is_new()); }
    {
        Prepared again = writer->prepare_chunk(as_bytes("dropped"));
        CHECK(again.is_new());
        CHECK_FALSE(writer->prepare_chunk(as_bytes("dropped")).is_new());
    }
    auto record = put_record("key", "value");
    writer->commit({&record, 1});
    CHECK(equal(store->get(store->chunk_id(as_bytes("dropped"))), as_bytes("dropped")));
}

TEST_CASE("A commit does not refer to what nobody has appended") {
    MemoryRepository repository;
    auto store = repository.open();
    auto writer = store->write();
    Prepared first = writer->prepare_chunk(as_bytes("bytes"));
    CHECK_FALSE(writer->prepare_chunk(as_bytes("bytes")).is_new());
    auto record = put_record("key", "value");
    CHECK(error_of([&] { writer->commit({&record, 1}); }).code() == Errc::invalid);
    writer->append(std::move(first));
    writer->commit({&record, 1});
    CHECK(store->find(store->chunk_id(as_bytes("bytes"))));
}

TEST_CASE("A Writer that goes without a commit leaves nothing") {
    MemoryRepository repository;
    auto store = repository.open({.pack_bytes_target = 3 << 20});
    const auto bytes_before = repository.backend->stored_bytes();
    {
        auto writer = store->write();
        for (const Bytes& bytes : many_random(5, 1 << 20, 1)) put_chunk(*writer, bytes);
    }
    CHECK(store->last_commit() == CommitNumber{1});
    CHECK(store->stats().chunks == 0);
    CHECK(repository.backend->stored_bytes() == bytes_before);
}

TEST_CASE("Packs roll at their target, objects lie in the order of appending") {
    MemoryRepository repository;
    auto store = repository.open({.pack_bytes_target = 4 << 20});
    auto writer = store->write();
    const auto all = many_random(40, 300'000, 2);
    for (const Bytes& bytes : all) put_chunk(*writer, bytes);
    writer->commit({});
    CHECK(store->stats().packs == 3);
    std::size_t position = 0;
    for (const PackInfo& pack : store->packs())
        store->list_objects(pack.number, [&](const Store::Listed& listed) {
            CHECK(ChunkId{listed.id} == store->chunk_id(all[position]));
            CHECK(store->find(ChunkId{listed.id})->location == listed.info.location);
            ++position;
        });
    CHECK(position == all.size());
    for (const Bytes& bytes : all) REQUIRE(equal(store->get(store->chunk_id(bytes)), bytes));
    CHECK(store->check_tables().empty());
}

TEST_CASE("Small packs travel in the commit, larger ones are files") {
    MemoryRepository repository;
    auto store = repository.open();
    auto writer = store->write();
    put_chunk(*writer, many_random(1, 1 << 20, 1)[0]);
    writer->put_node(as_bytes("node"));
    writer->commit({});
    for (const Bytes& bytes : many_random(3, 1 << 20, 2)) put_chunk(*writer, bytes);
    writer->commit({});
    std::vector<bool> inlined;
    repository.backend->scan(Table::packs, {}, {}, [&](ByteView key, ByteView value) {
        inlined.push_back(format::decode_pack_row(key, value).is_inline);
        return true;
    });
    CHECK(inlined == std::vector{true, true, false});
}

TEST_CASE("An interrupted backup leaves full packs, and large open ones, to the next") {
    MemoryRepository repository;
    const auto all = many_random(11, 1 << 20, 5);
    auto kept_in = [&](const Store& store) {
        return std::count_if(all.begin(), all.end(), [&](const Bytes& bytes) {
            return store.find(store.chunk_id(bytes)).has_value();
        });
    };
    // When the last one comes after an interval's commit, it is alone in a pack that is small.
    const auto kept_min = std::ssize(all) - 1;
    {
        auto store = repository.open(
            {.pack_bytes_target = 8 << 20, .commit_interval = Duration{20'000'000}});
        auto writer = store->write();
        for (const Bytes& bytes : all) put_chunk(*writer, bytes);
        REQUIRE(wait_for([&] { return kept_in(*store) >= kept_min; }));
    }
    auto store = repository.open();
    CHECK(kept_in(*store) >= kept_min);
    CHECK(store->check_tables().empty());
}

TEST_CASE("A commit without records and without objects is none") {
    MemoryRepository repository;
    auto store = repository.open();
    CHECK(store->commit({}) == CommitNumber{1});
    CHECK(store->write()->commit({}) == CommitNumber{1});
}

TEST_CASE("A full disk is reported by the Writer that met it; reading and other Writers go on") {
    Faulty faulty;
    auto writer = faulty.store->write();
    const ChunkId small = put_chunk(*writer, as_bytes("small"));
    writer->commit({});
    faulty.backend->fail_packs = true;
    const auto all = many_random(3, 1 << 20, 1);
    auto fill = [&] {
        for (const Bytes& bytes : all) put_chunk(*writer, bytes);
    };
    CHECK(error_of(fill).code() == Errc::no_space);
    CHECK(error_of([&] { writer->commit({}); }).code() == Errc::no_space);
    CHECK(equal(faulty.store->get(small), as_bytes("small")));
    CHECK_FALSE(faulty.store->read_only());
    faulty.backend->fail_packs = false;
    auto next = faulty.store->write();
    for (const Bytes& bytes : all) put_chunk(*next, bytes);
    next->commit({});
    CHECK(faulty.store->check_tables().empty());
}

TEST_CASE("What fails in the background is thrown by the next call and by all later ones") {
    Faulty faulty({.pack_bytes_target = 3 << 20, .commit_interval = Duration{5'000'000}});
    auto writer = faulty.store->write();
    faulty.backend->fail_commits = true;
    SeededRandom random(1);
    auto keep_writing = [&] {
        for (int i = 0; i < 1000; ++i) put_chunk(*writer, random_bytes(random, 1 << 20));
    };
    CHECK(error_of(keep_writing).code() == Errc::io);
    CHECK(error_of([&] { put_chunk(*writer, as_bytes("x")); }).code() == Errc::io);
    CHECK(error_of([&] { writer->commit({}); }).code() == Errc::io);
    CHECK(faulty.store->read_only());
}

TEST_CASE("After a failed sync nothing is committed until the repository is opened again") {
    Faulty faulty;
    auto record = put_record("key", "value");
    faulty.backend->fail_commits = true;
    CHECK(error_of([&] { faulty.store->commit({&record, 1}); }).code() == Errc::io);
    faulty.backend->fail_commits = false;
    CHECK(faulty.store->read_only());
    const Error refused = error_of([&] { faulty.store->commit({&record, 1}); });
    CHECK(refused.code() == Errc::read_only);
    CHECK_FALSE(refused.hints().empty());
    auto reopened = faulty.repository.open();
    CHECK(reopened->commit({&record, 1}) == CommitNumber{2});
}

TEST_CASE("Two Writers at once store what they share at most twice, and all of it is found") {
    MemoryRepository repository;
    auto store = repository.open({.pack_bytes_target = 1 << 20});
    const auto all = many_random(200, 20'000, 9);
    std::vector<std::jthread> threads;
    for (int w = 0; w < 2; ++w) {
        threads.emplace_back([&, w] {
            auto writer = store->write();
            for (std::size_t i = 0; i < all.size(); ++i) {
                put_chunk(*writer, all[w == 0 ? i : all.size() - 1 - i]);
                if (i % 60 == 59) writer->commit({});
            }
            auto record = put_record(w == 0 ? "first" : "second", "done");
            writer->commit({&record, 1});
        });
    }
    threads.clear();
    for (const Bytes& bytes : all) REQUIRE(equal(store->get(store->chunk_id(bytes)), bytes));
    CHECK(store->stats().chunks >= all.size());
    CHECK(store->stats().chunks <= 2 * all.size());
    CHECK(store->check_tables().empty());
    CHECK(repository.open()->check_tables().empty());
}

TEST_CASE("Many threads prepare for one Writer and each object is stored once") {
    MemoryRepository repository;
    auto store = repository.open({.pack_bytes_target = 1 << 20});
    auto writer = store->write();
    const auto all = many_random(150, 10'000, 4);
    std::atomic<int> stored = 0;
    {
        std::vector<std::jthread> threads;
        for (unsigned t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                SeededRandom random(t);
                for (int i = 0; i < 600; ++i) {
                    Prepared prepared = writer->prepare_chunk(all[random.below(all.size())]);
                    if (random.below(10) == 0) continue;
                    if (prepared.is_new()) ++stored;
                    writer->append(std::move(prepared));
                }
            });
        }
    }
    writer->commit({});
    CHECK(store->stats().chunks >= static_cast<unsigned>(stored));
    CHECK(store->stats().chunks <= all.size());
    for (const Bytes& bytes : all) {
        const ChunkId id = store->chunk_id(bytes);
        if (store->find(id)) REQUIRE(equal(store->get(id), bytes));
    }
    CHECK(store->check_tables().empty());
}

TEST_CASE("What is too long is refused before anything is stored") {
    MemoryRepository repository;
    auto store = repository.open();
    auto writer = store->write();
    CHECK(error_of([&] { writer->prepare_chunk(Bytes(chunk_bytes_max + 1)); }).code() ==
          Errc::invalid);
    CHECK(writer->prepare_node(Bytes(chunk_bytes_max + 1)).is_new());
    CHECK(error_of([&] { writer->prepare_node(Bytes(node_bytes_max + 1)); }).code() ==
          Errc::invalid);
    RecordChange record{Bytes(2000), Bytes()};
    CHECK(error_of([&] { store->commit({&record, 1}); }).code() == Errc::invalid);
    CHECK(store->last_commit() == CommitNumber{1});
}

TEST_CASE("Who subscribed is told of each commit until he goes") {
    MemoryRepository repository;
    auto store = repository.open();
    std::vector<CommitNumber> told;
    auto record = put_record("key", "value");
    {
        auto token = store->on_commit([&](CommitNumber number) {
            told.push_back(number);
            CHECK(store->last_commit() == number);
        });
        store->commit({&record, 1});
        put_chunk(*store->write(), as_bytes("x"));
        auto writer = store->write();
        put_chunk(*writer, as_bytes("y"));
        writer->commit({});
    }
    store->commit({&record, 1});
    CHECK(told == std::vector{CommitNumber{2}, CommitNumber{3}});
}
