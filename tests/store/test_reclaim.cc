// SPDX-License-Identifier: Apache-2.0
#include <yore/store/reclaim.h>

#include <array>

#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

constexpr std::chrono::milliseconds no_patience{0};

std::uint64_t pack_of(const Store& store, const ChunkId& id) {
    return store.find(id)->location.pack_number();
}

PackInfo info_of(const Store& store, std::uint64_t number) {
    for (const PackInfo& pack : store.packs())
        if (pack.number == number) return pack;
    FAIL("no such pack");
    return {};
}

/// One chunk in a pack of its own, then another one in the next.
struct TwoPacks {
    TwoPacks() {
        auto writer = store->write();
        going = put_chunk(*writer, plain_going);
        writer->commit({});
        staying = put_chunk(*writer, as_bytes("staying"));
        writer->commit({});
        numbers = {pack_of(*store, going)};
    }
    MemoryRepository repository;
    std::unique_ptr<Store> store = repository.open();
    SeededRandom random{1};
    Bytes plain_going = text_bytes(random, 20'000);
    ChunkId going, staying;
    std::array<std::uint64_t, 1> numbers{};
};

}  // namespace

TEST_CASE("A pack goes in two steps, and its space comes back") {
    TwoPacks two;
    Reclaim reclaim(*two.store);
    CHECK(error_of([&] { reclaim.drop(two.numbers); }).code() == Errc::invalid);
    reclaim.condemn(two.numbers);
    CHECK(error_of([&] { reclaim.condemn(two.numbers); }).code() == Errc::invalid);
    CHECK(equal(two.store->get(two.going), two.plain_going));
    CHECK(two.store->check_tables().empty());
    const auto bytes_before = two.repository.backend->stored_bytes();
    reclaim.drop(two.numbers);
    CHECK(two.repository.backend->stored_bytes() < bytes_before);
    CHECK(two.store->find(two.going) == std::nullopt);
    CHECK(equal(two.store->get(two.staying), as_bytes("staying")));
    CHECK(two.store->stats().chunks == 1);
    CHECK(two.store->check_tables().empty());
    CHECK(two.repository.open()->check_tables().empty());
}

TEST_CASE("Nothing is dropped under a pin or a Writer from before") {
    TwoPacks two;
    const bool pinned = GENERATE(true, false);
    EpochPin pin = pinned ? two.store->pin() : EpochPin();
    auto writer = pinned ? nullptr : two.store->write();
    Reclaim reclaim(*two.store);
    reclaim.condemn(two.numbers);
    CHECK_FALSE(reclaim.wait_for_writers(two.numbers, no_patience));
    CHECK(error_of([&] { reclaim.drop(two.numbers); }).code() == Errc::busy);
    CHECK(equal(two.store->get(two.going), two.plain_going));
    auto later = two.store->write();
    EpochPin later_pin = two.store->pin();
    pin = EpochPin();
    writer.reset();
    CHECK(reclaim.wait_for_writers(two.numbers, no_patience));
    reclaim.drop(two.numbers);
    CHECK(two.store->find(two.going) == std::nullopt);
}

TEST_CASE("A Writer keeps its hold over a commit without records") {
    TwoPacks two;
    auto writer = two.store->write();
    CHECK_FALSE(writer->prepare_chunk(two.plain_going).is_new());
    Reclaim reclaim(*two.store);
    const CommitNumber before = reclaim.safe_until();
    reclaim.condemn(two.numbers);
    put_chunk(*writer, as_bytes("more"));
    writer->commit({});
    CHECK_FALSE(reclaim.wait_for_writers(two.numbers, no_patience));
    CHECK(reclaim.safe_until() == before);
    auto record = put_record("key", "value");
    writer->commit({&record, 1});
    CHECK(reclaim.wait_for_writers(two.numbers, no_patience));
    CHECK(reclaim.safe_until() == two.store->last_commit());
}

TEST_CASE("What is met again of a condemned pack is stored anew and survives the drop") {
    TwoPacks two;
    const bool reopened = GENERATE(true, false);
    Reclaim(*two.store).condemn(two.numbers);
    if (reopened) two.store = two.repository.open();
    {
        auto writer = two.store->write();
        Prepared prepared = writer->prepare_chunk(two.plain_going);
        CHECK(prepared.is_new());
        writer->append(std::move(prepared));
        CHECK_FALSE(writer->prepare_chunk(as_bytes("staying")).is_new());
        writer->commit({});
    }
    CHECK(pack_of(*two.store, two.going) != two.numbers[0]);
    Reclaim(*two.store).drop(two.numbers);
    CHECK(equal(two.store->get(two.going), two.plain_going));
    CHECK(two.store->check_tables().empty());
}

TEST_CASE("A condemned chunk is no base, and stays whole when others build on it") {
    TwoPacks two;
    Bytes changed = two.plain_going;
    changed[5] ^= std::byte{1};
    auto plain = std::make_shared<const Buffer>(Buffer::copy_of(two.plain_going));
    const ChunkHints on_going{.base = [&] { return DeltaBase{two.going, plain}; }};
    ChunkId delta;
    {
        auto writer = two.store->write();
        delta = put_chunk(*writer, changed, on_going);
        writer->commit({});
        REQUIRE(two.store->find(delta)->base == two.going);
    }
    Reclaim(*two.store).condemn(two.numbers);
    auto writer = two.store->write();
    Bytes changed_again = changed;
    changed_again[6] ^= std::byte{1};
    const ChunkId whole = put_chunk(*writer, changed_again, on_going);
    auto other = std::make_shared<const Buffer>(Buffer::copy_of(changed_again));
    writer->commit({});
    CHECK(two.store->find(whole)->base == std::nullopt);
    put_chunk(*writer, two.plain_going, {.base = [&] { return DeltaBase{whole, other}; }});
    writer->commit({});
    CHECK(two.store->find(two.going)->base == std::nullopt);
    writer.reset();
    Reclaim(*two.store).drop(two.numbers);
    CHECK(equal(two.store->get(delta), changed));
    CHECK(two.store->check_tables().empty());
}

TEST_CASE("A delta whose base went is stored anew, though its own pack stays") {
    TwoPacks two;
    Bytes changed = two.plain_going;
    changed[5] ^= std::byte{1};
    auto plain = std::make_shared<const Buffer>(Buffer::copy_of(two.plain_going));
    const ChunkHints on_going{.base = [&] { return DeltaBase{two.going, plain}; }};
    auto writer = two.store->write();
    const ChunkId delta = put_chunk(*writer, changed, on_going);
    writer->commit({});
    writer.reset();
    REQUIRE(two.store->find(delta)->base == two.going);
    Reclaim reclaim(*two.store);
    reclaim.condemn(two.numbers);
    const bool dropped = GENERATE(true, false);
    if (dropped) reclaim.drop(two.numbers);  // nothing needs the delta: nothing keeps its base
    // Its base as a delta against what it was the base of: neither is to be built on.
    writer = two.store->write();
    auto other = std::make_shared<const Buffer>(Buffer::copy_of(changed));
    put_chunk(*writer, changed, on_going);
    put_chunk(*writer, two.plain_going, {.base = [&] { return DeltaBase{delta, other}; }});
    auto record = put_record("key", "value");
    writer->commit({&record, 1});
    writer.reset();
    if (!dropped) reclaim.drop(two.numbers);
    CHECK(equal(two.store->get(delta), changed));
    CHECK(equal(two.store->get(two.going), two.plain_going));
    CHECK(two.store->check_tables().empty());
}

TEST_CASE("What is live in a condemned pack is copied as it is, once") {
    MemoryRepository repository;
    auto store = repository.open();
    SeededRandom random(3);
    std::vector<Bytes> plain;
    std::vector<ChunkId> ids;
    auto writer = store->write();
    for (int i = 0; i < 10; ++i) {
        plain.push_back(text_bytes(random, 5000));
        ids.push_back(put_chunk(*writer, plain.back()));
    }
    writer->commit({});
    writer.reset();
    const std::array old{pack_of(*store, ids[0])};
    const PackInfo info = info_of(*store, old[0]);
    const auto is_live = [](std::uint32_t item) { return item % 2 == 0; };
    Reclaim reclaim(*store);
    CHECK(error_of([&] { reclaim.copy(info, is_live); }).code() == Errc::invalid);
    reclaim.condemn(old);
    writer = store->write();
    put_chunk(*writer, plain[4]);  // stored anew by another meanwhile: stays there
    writer->commit({});
    writer.reset();
    const auto anew = store->find(ids[4])->location;
    CHECK(reclaim.copy(info, is_live).objects == 5);
    for (std::size_t i = 0; i < ids.size(); ++i) CHECK(equal(store->get(ids[i]), plain[i]));
    reclaim.drop(old);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        CHECK(store->find(ids[i]).has_value() == (i % 2 == 0));
        if (i % 2 == 0) CHECK(equal(store->get(ids[i]), plain[i]));
    }
    CHECK(store->find(ids[4])->location == anew);
    CHECK(store->find(ids[0])->location.pack_number() != old[0]);
    CHECK(store->check_tables().empty());
    CHECK(repository.open()->check_tables().empty());
}

TEST_CASE("Who reads while objects move and packs go finds the same bytes") {
    MemoryRepository repository;
    auto store = repository.open({.pack_bytes_target = 64u << 10});
    SeededRandom random(4);
    const Bytes plain = text_bytes(random, 3000);
    auto writer = store->write();
    const ChunkId id = put_chunk(*writer, plain);
    writer->commit({});
    writer.reset();
    std::atomic<bool> done = false;
    std::atomic<std::uint64_t> reads = 0;
    std::jthread reader([&] {
        for (; !done; ++reads)
            if (!equal(store->get(id), plain)) std::abort();
    });
    for (int round = 0; round < 200 || reads < 200; ++round) {
        Reclaim reclaim(*store);
        const std::array old{pack_of(*store, id)};
        reclaim.condemn(old);
        reclaim.copy(info_of(*store, old[0]), [](std::uint32_t) { return true; });
        reclaim.drop(old);
    }
    done = true;
    reader.join();
    CHECK(equal(store->get(id), plain));
    CHECK(store->check_tables().empty());
}

TEST_CASE("Objects that were stored twice survive the drop of one copy") {
    MemoryRepository repository;
    auto store = repository.open();
    auto one = store->write(), other = store->write();
    const ChunkId id = put_chunk(*one, as_bytes("both"));
    put_chunk(*other, as_bytes("both"));
    one->commit({});
    const std::array first{pack_of(*store, id)};
    other->commit({});
    const std::array second{pack_of(*store, id)};
    CHECK(first != second);
    one.reset();
    other.reset();
    Reclaim(*store).condemn(first);
    Reclaim(*store).drop(first);
    CHECK(equal(store->get(id), as_bytes("both")));
    CHECK(store->check_tables().empty());
}

TEST_CASE("A drop that a crash cut short is done at the next opening") {
    TwoPacks two;
    Reclaim(*two.store).condemn(two.numbers);
    const auto index = two.repository.backend->read_pack_index(Domain::chunk, two.numbers[0]);
    REQUIRE(index);
    // The commit, and then nothing: what `drop_packs` leaves when the process ends in its middle.
    class Dying final : public SharedBackend {
      public:
        using SharedBackend::SharedBackend;
        void drop_pack(Domain, std::uint64_t) override { throw Error(Errc::io, "the end"); }
    };
    {
        Store dying(std::make_unique<Dying>(two.repository.backend),
                    keys_from(7, two.repository.encryption), {}, two.repository.clock);
        CHECK_THROWS_AS(Reclaim(dying).drop(two.numbers), Error);
    }
    CHECK(two.repository.backend->read_pack_index(Domain::chunk, two.numbers[0]));
    auto store = two.repository.open();
    CHECK_FALSE(two.repository.backend->read_pack_index(Domain::chunk, two.numbers[0]));
    CHECK(store->check_tables().empty());
    CHECK(store->stats().packs == 1);
    auto record = put_record("key", "value");
    store->commit({&record, 1});
    CHECK_FALSE(two.repository.backend->get(Table::packs, format::pack_key(two.numbers[0])));
    CHECK(store->check_tables().empty());
}
