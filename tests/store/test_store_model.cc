// SPDX-License-Identifier: Apache-2.0
//
// Random work on a store and on plain maps must agree: what was committed is there, byte for byte,
// after each commit and each opening; what was not is gone or, committed with a later pack, right.
#include <yore/store/object_cache.h>
#include <yore/store/rocks_backend.h>

#include <map>
#include <stdexcept>

#include <rapidcheck.h>

#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

enum class Step { chunk, node, changed_chunk, record, remove_record, commit, abandon, reopen };

struct Model {
    std::map<ChunkId, Bytes> chunks;
    std::map<NodeId, Bytes> nodes;
    std::map<std::string, std::string> records;
};

/// For both frameworks: each reports what is thrown.
void agree(bool holds, const std::string& what) {
    if (!holds) throw std::logic_error("store and map disagree: " + what);
}

class Machine {
  public:
    using MakeBackend = std::function<std::unique_ptr<Backend>()>;
    Machine(MakeBackend make_backend, std::uint64_t seed)
        : make_backend_(std::move(make_backend)), random_(seed) {
        open();
    }

    void run(Step step) {
        switch (step) {
            case Step::chunk:
                return put(content());
            case Step::changed_chunk:
                return put_changed();
            case Step::node:
                return put_node(content());
            case Step::record:
                record_changes_[key()] = fmt::format("value {}", random_.below(1000));
                return;
            case Step::remove_record:
                record_changes_[key()] = std::nullopt;
                return;
            case Step::commit:
                return commit();
            case Step::abandon:
                return abandon();
            case Step::reopen:
                abandon();
                writer_.reset();
                store_.reset();
                return open();
        }
    }

    void compare() {
        ObjectCache cache(*store_, 1 << 20);
        for (const auto& [id, plain] : committed_.chunks) {
            agree(equal(store_->get(id), plain), "chunk " + id.hex());
            agree(equal(*cache.chunk(id), plain), "cached chunk " + id.hex());
            agree(store_->find(id)->plain_bytes == plain.size(), "length of " + id.hex());
        }
        for (const auto& [id, plain] : committed_.nodes) {
            agree(equal(store_->get(id), plain), "node " + id.hex());
        }
        std::map<std::string, std::string> found;
        store_->scan_records({}, {}, [&](ByteView record_key, ByteView value) {
            found.emplace(as_text(record_key), as_text(value));
            return true;
        });
        agree(found == committed_.records, "records");
        for (const std::string& finding : store_->check_tables()) agree(false, finding);
        const StoreStats stats = store_->stats();
        agree(stats.chunks >= committed_.chunks.size(), "number of chunks");
        agree(stats.nodes >= committed_.nodes.size(), "number of nodes");
    }

  private:
    void open() {
        store_ = std::make_unique<Store>(make_backend_(), keys_from(7, Encryption::aes_256_gcm),
                                         StoreOptions{.zstd_level = 1,
                                                      .pack_bytes_target = 64 << 10,
                                                      .commit_interval = Duration{3'000'000},
                                                      .writer = "model"},
                                         clock_);
        writer_ = store_->write();
    }
    /// Small, repeating, and now and then large enough for a file.
    Bytes content() {
        SeededRandom bytes(random_.below(30));
        const std::size_t size = random_.below(12) == 0 ? 800'000 : random_.below(3000);
        return random_.below(2) == 0 ? text_bytes(bytes, size) : random_bytes(bytes, size);
    }
    std::string key() { return fmt::format("key {}", random_.below(6)); }

    void put(Bytes plain) { pending_.chunks[put_chunk(*writer_, plain)] = std::move(plain); }
    void put_node(Bytes plain) { pending_.nodes[writer_->put_node(plain)] = std::move(plain); }
    void put_changed() {
        if (committed_.chunks.empty()) return;
        auto base = committed_.chunks.begin();
        std::advance(base, static_cast<long>(random_.below(committed_.chunks.size())));
        Bytes plain = base->second;
        if (plain.empty()) return;
        plain[random_.below(plain.size())] ^= std::byte{1};
        auto shared = std::make_shared<const Buffer>(Buffer::copy_of(base->second));
        const ChunkHints hints{.base = [&] { return DeltaBase{base->first, shared}; }};
        pending_.chunks[put_chunk(*writer_, plain, hints)] = std::move(plain);
    }
    void commit() {
        std::vector<RecordChange> changes;
        for (const auto& [name, value] : record_changes_) {
            changes.push_back({to_bytes(as_bytes(name)), std::nullopt});
            if (value) changes.back().value = to_bytes(as_bytes(*value));
            if (value) {
                committed_.records[name] = *value;
            } else {
                committed_.records.erase(name);
            }
        }
        writer_->commit(changes);
        committed_.chunks.merge(pending_.chunks);
        committed_.nodes.merge(pending_.nodes);
        pending_ = {};
        record_changes_.clear();
    }
    void abandon() {
        writer_ = store_->write();
        pending_ = {};
        record_changes_.clear();
    }

    MakeBackend make_backend_;
    SeededRandom random_;
    VirtualClock clock_{Timestamp{}};
    std::unique_ptr<Store> store_;
    std::unique_ptr<Writer> writer_;
    Model committed_, pending_;
    std::map<std::string, std::optional<std::string>> record_changes_;
};

const std::array weighted{Step::chunk,   Step::chunk,  Step::chunk,         Step::chunk,
                          Step::chunk,   Step::node,   Step::node,          Step::node,
                          Step::record,  Step::record, Step::changed_chunk, Step::changed_chunk,
                          Step::commit,  Step::commit, Step::commit,        Step::remove_record,
                          Step::abandon, Step::reopen};

void run(Machine& machine, const std::vector<Step>& work) {
    for (Step step : work) {
        machine.run(step);
        if (step == Step::commit || step == Step::reopen) machine.compare();
    }
    machine.run(Step::commit);
    machine.compare();
}

}  // namespace

TEST_CASE("A store in memory agrees with a map") {
    const bool agrees = rc::check([] {
        std::shared_ptr<Backend> shared = make_memory_backend();
        Machine machine([&] { return std::make_unique<SharedBackend>(shared); },
                        *rc::gen::arbitrary<std::uint64_t>());
        run(machine, *rc::gen::container<std::vector<Step>>(rc::gen::elementOf(weighted)));
    });
    CHECK(agrees);
}

/// Fewer and longer runs than in memory: each commit waits for the disk.
TEST_CASE("A store in RocksDB agrees with a map") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    for (int round = 0; round < 8; ++round) {
        TemporaryDirectory directory;
        const std::string path = directory / "repository";
        create_rocks_backend(path);
        Machine machine([&] { return open_rocks_backend(path); }, random.next());
        std::vector<Step> work(80);
        for (Step& step : work) step = weighted[random.below(weighted.size())];
        run(machine, work);
    }
}
