// SPDX-License-Identifier: Apache-2.0
//
// Marks of damage: what they make Writers store anew, and that no crash leaves them half done.
#include <yore/store/damage.h>
#include <yore/store/reclaim.h>

#include <optional>

#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;
using format::DamageState;

namespace {

DamageMarks::Found found_at(const Store& store, const ChunkId& id) {
    return {Domain::chunk, id.bytes, store.find(id)->location};
}

ChunkId stored(Store& store, ByteView plain, const ChunkHints& hints = {}) {
    auto writer = store.write();
    const ChunkId id = put_chunk(*writer, plain, hints);
    writer->commit({});
    return id;
}

bool would_store(Store& store, ByteView plain) {
    return store.write()->prepare_chunk(plain).is_new();
}

std::vector<DamageState> states(const Store& store) {
    std::vector<DamageState> states;
    for (const auto& mark : DamageMarks(store).all()) states.push_back(mark.state);
    return states;
}

ChunkHints against(const ChunkId& id, ByteView plain) {
    auto shared = std::make_shared<const Buffer>(Buffer::copy_of(plain));
    return {.base = [=] { return DeltaBase{id, shared}; }};
}

/// Two blocks of which a delta makes one from the other.
struct Blocks {
    SeededRandom random{3};
    Bytes before = text_bytes(random, 65536), after = before;
    Blocks() {
        for (int i = 0; i < 20; ++i) after[random.below(after.size())] ^= std::byte{1};
    }
};

}  // namespace

TEST_CASE("What is marked as damaged is stored anew, and the index leads to the new copy") {
    MemoryRepository repository;
    auto store = repository.open();
    const Bytes plain = to_bytes(as_bytes("some content"));
    const ChunkId id = stored(*store, plain);
    const auto found = found_at(*store, id);
    CHECK_FALSE(would_store(*store, plain));
    DamageMarks::mark(*store, {&found, 1});
    CHECK(DamageMarks(*store).contains(id));
    CHECK(would_store(*store, plain));
    store = repository.open();  // the mark is in the commit log
    CHECK(states(*store) == std::vector{DamageState::damaged});
    CHECK(DamageMarks(*store).all()[0].found == repository.clock.now());

    stored(*store, plain);
    CHECK(store->find(id)->location != found.location);
    CHECK_FALSE(DamageMarks(*store).any());
    CHECK(states(*store) == std::vector{DamageState::stored_anew});
    CHECK_FALSE(would_store(*store, plain));
    CHECK(store->check_tables().empty());
    DamageMarks::mark(*store, {&found, 1});  // of where it does not lie any more
    CHECK_FALSE(DamageMarks(*store).any());
    DamageMarks::remove(*store, DamageMarks(*store).all());
    CHECK(states(*repository.open()).empty());
}

TEST_CASE("A delta against what is damaged is stored anew, or whole again with its base") {
    MemoryRepository repository;
    auto store = repository.open();
    const Blocks blocks;
    const ChunkId base = stored(*store, blocks.before);
    const ChunkId delta = stored(*store, blocks.after, against(base, blocks.before));
    REQUIRE(store->find(delta)->base);
    const auto found = found_at(*store, base);
    DamageMarks::mark(*store, {&found, 1});
    CHECK(DamageMarks(*store).contains(delta));
    SECTION("the base is met: the delta stays as it is") {
        stored(*store, blocks.before);
        CHECK_FALSE(DamageMarks(*store).contains(delta));
        CHECK(store->find(delta)->base);
    }
    SECTION("the delta's content is met, as one against the damaged base: it is stored whole") {
        stored(*store, blocks.after, against(base, blocks.before));
        CHECK_FALSE(store->find(delta)->base);
        CHECK_FALSE(DamageMarks(*store).contains(delta));
        CHECK(DamageMarks(*store).contains(base));
    }
    CHECK(equal(store->get(delta), blocks.after));
    CHECK(store->check_tables().empty());
}

TEST_CASE("A damaged delta is stored anew as one") {
    MemoryRepository repository;
    auto store = repository.open();
    const Blocks blocks;
    const ChunkId base = stored(*store, blocks.before);
    const ChunkId delta = stored(*store, blocks.after, against(base, blocks.before));
    const auto found = found_at(*store, delta);
    DamageMarks::mark(*store, {&found, 1});
    CHECK_FALSE(DamageMarks(*store).contains(base));
    stored(*store, blocks.after, against(base, blocks.before));
    CHECK(store->find(delta)->location != found.location);
    CHECK(store->find(delta)->base == base);
    CHECK(states(*store) == std::vector{DamageState::stored_anew});
    CHECK(store->check_tables().empty());
}

TEST_CASE("A damaged node is stored anew") {
    MemoryRepository repository;
    auto store = repository.open();
    const auto put = [&] {
        auto writer = store->write();
        const NodeId id = writer->put_node(as_bytes("a node"));
        writer->commit({});
        return id;
    };
    const NodeId id = put();
    const DamageMarks::Found found{Domain::node, id.bytes, store->find(id)->location};
    DamageMarks::mark(*store, {&found, 1});
    CHECK(DamageMarks(*store).contains(id));
    CHECK(put() == id);
    CHECK(store->find(id)->location != found.location);
    CHECK_FALSE(DamageMarks(*store).contains(id));
}

TEST_CASE("A copy of a pack that goes is no new copy of what is damaged in it") {
    MemoryRepository repository;
    auto store = repository.open();
    const Bytes plain = to_bytes(as_bytes("some content"));
    const ChunkId id = stored(*store, plain);
    const auto found = found_at(*store, id);
    DamageMarks::mark(*store, {&found, 1});
    const std::uint64_t pack = found.location.pack_number();
    Reclaim reclaim(*store);
    reclaim.condemn({&pack, 1});
    reclaim.copy(store->packs().at(0), [](auto) { return true; });
    reclaim.drop({&pack, 1});
    CHECK(store->find(id)->location != found.location);
    CHECK(DamageMarks(*store).contains(id));
    CHECK(states(*store) == std::vector{DamageState::damaged});
}

namespace {

/// The process is gone at a write: instead of it, or right behind it.
struct Died {};
class DyingBackend final : public SharedBackend {
  public:
    DyingBackend(std::shared_ptr<Backend> shared, int writes_left, bool last_happens)
        : SharedBackend(std::move(shared)), left_(writes_left), last_happens_(last_happens) {}
    Append append(const CommitBatch& batch) override {
        if (left_ < 0 || (left_ == 0 && !last_happens_)) throw Died{};
        const auto done = SharedBackend::append(batch);
        if (left_-- == 0) throw Died{};
        return done;
    }

  private:
    int left_;
    bool last_happens_;
};

}  // namespace

TEST_CASE("Killed at any write, damage is marked, or its object is stored anew, never neither") {
    const bool last_happens = GENERATE(false, true);
    bool through = false;
    for (int writes = 0; !through; ++writes) {
        MemoryRepository repository;
        const Bytes plain = to_bytes(as_bytes("some content"));
        const ChunkId id = stored(*repository.open(), plain);
        const Location old = repository.open()->find(id)->location;
        bool marked = false;
        try {
            Store store(std::make_unique<DyingBackend>(repository.backend, writes, last_happens),
                        keys_from(7, repository.encryption), {.writer = "host/1"},
                        repository.clock);
            const DamageMarks::Found found{Domain::chunk, id.bytes, old};
            DamageMarks::mark(store, {&found, 1});
            marked = true;
            stored(store, plain);
            through = true;
        } catch (const Died&) {
        }
        auto store = repository.open();
        CAPTURE(writes, last_happens);
        CHECK(store->check_tables().empty());
        const bool is_new = store->find(id)->location != old;
        CHECK(is_new == (states(*store) == std::vector{DamageState::stored_anew}));
        if (marked && !is_new) CHECK(DamageMarks(*store).contains(id));
        CHECK(would_store(*store, plain) == DamageMarks(*store).any());
        if (through) CHECK(is_new);
    }
}
