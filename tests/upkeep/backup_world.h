// SPDX-License-Identifier: Apache-2.0
/// A repository in memory with backups that begin, go on and end one step at a time, and a map of
/// what must be readable. Its process can die at any write.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>
#include <yore/store/store.h>
#include <yore/tree/content.h>
#include <yore/tree/directory.h>
#include <yore/upkeep/collect.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "../store/store_fixture.h"

namespace yore::upkeep::test {

using yore::test::MemoryRepository;

/// The process that uses the backend is gone; nothing that it does reaches the disk any more.
struct Died {};

/// Dies instead of a write, or right behind it: when `steps_left` comes to 0.
class MortalBackend final : public yore::test::SharedBackend {
  public:
    struct Fate {
        std::optional<int> steps_left;
        bool write_happens = false;
        bool dead = false;
    };
    MortalBackend(std::shared_ptr<store::Backend> shared, std::shared_ptr<Fate> fate)
        : SharedBackend(std::move(shared)), fate_(std::move(fate)) {}
    Append append(const store::CommitBatch& batch) override {
        return step([&] { return SharedBackend::append(batch); });
    }
    void drop_pack(Domain domain, std::uint64_t number) override {
        step([&] { SharedBackend::drop_pack(domain, number); });
    }

  private:
    template <typename Write>
    std::invoke_result_t<Write> step(Write&& write) {
        if (!fate_->dead && fate_->steps_left && (*fate_->steps_left)-- == 0) {
            fate_->dead = true;
            if (fate_->write_happens) write();
        }
        if (fate_->dead) throw Died{};
        return write();
    }
    std::shared_ptr<Fate> fate_;
};

using Files = std::map<std::string, Bytes>;

/// A backup that is running.
struct Running {
    std::unique_ptr<store::Writer> writer;
    std::optional<catalog::Snapshot> before;
    Files before_files, files;
    std::optional<NodeId> root;  ///< once it is written
};

class World {
  public:
    explicit World(std::uint64_t seed);

    // What users do.
    void begin();
    void write();
    void commit();
    void abandon() { running_.reset(); }
    bool is_running() const { return running_.has_value(); }
    bool is_written() const { return running_ && running_->root; }
    void prune_one();
    /// Somebody reads a snapshot, and goes on when it is pruned.
    void open_tree();
    void close_trees() { open_.clear(); }
    CollectResult collect(const CollectOptions& = {});
    InUse in_use() const;

    // What happens.
    void reopen();
    void die_after(int steps, bool write_happens);

    /// Throws when anything that must be readable is not as it was.
    void check() const;
    void prune_all();
    std::uint64_t stored_packs() const { return store_->stats().packs; }
    std::size_t snapshots() const { return kept_.size(); }
    SeededRandom& random() { return random_; }
    store::Store& store() { return *store_; }

  private:
    Bytes block();
    Files changed(Files) const;
    void put_file(tree::DirectoryBuilder&, const std::string& name);
    Files read(const NodeId& root) const;

    mutable SeededRandom random_;
    MemoryRepository repository_;
    std::shared_ptr<MortalBackend::Fate> fate_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<catalog::Catalog> catalog_;
    std::unique_ptr<store::ObjectCache> cache_;
    std::uint32_t source_ = 0;
    std::vector<Bytes> blocks_;
    std::map<catalog::SnapshotName, Files> kept_;
    std::vector<std::pair<NodeId, Files>> open_;
    std::optional<Running> running_;
};

}  // namespace yore::upkeep::test
