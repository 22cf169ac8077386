// SPDX-License-Identifier: Apache-2.0
/// The view's numbers of snapshots, and where each one's top entry lies.
#pragma once

#include <yore/base/guarded.h>
#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace yore::view {

struct Shown {
    std::uint32_t source = 0;
    std::optional<catalog::SnapshotName> name;  ///< of a snapshot; a tree in a log has none
    SnapshotId id;                              ///< of a tree: made from its root's
    Timestamp ended;                            ///< of a tree: the restore point's time
    NodeId leaf;                                ///< of the top entry
    std::uint32_t place = 0;
};

/// A record is read when its snapshot is first opened, and once more after a commit, since a
/// snapshot may go and its name come back. What a mount needs of it is kept: some 200 bytes. A
/// number stands for one snapshot for ever. Any thread.
class ShownSnapshots {
  public:
    ShownSnapshots(const catalog::Catalog& catalog, const store::ObjectCache& cache)
        : catalog_(catalog), cache_(cache) {}

    /// No such snapshot: nullopt. Its top cannot be read: throws.
    std::optional<std::uint32_t> number_of(std::uint32_t source, catalog::SnapshotName);
    /// Of a tree at a moment of a log.
    std::uint32_t number_of_tree(std::uint32_t source, const NodeId& root, Timestamp time);
    const Shown& get(std::uint32_t number) const;

  private:
    using Key = std::pair<std::uint32_t, catalog::SnapshotName>;
    struct Number {
        CommitNumber as_of;
        std::uint32_t number = 0;
    };
    struct Kept {
        std::deque<Shown> snapshots;  ///< references stay valid
        std::map<Key, Number> numbers;
        std::map<std::pair<std::uint32_t, NodeId>, std::uint32_t> trees;
    };
    std::optional<Number> known(const Key&) const;
    Shown load(const catalog::Snapshot&) const;
    tree::EntryView top_of(const NodeId& root) const;

    const catalog::Catalog& catalog_;
    const store::ObjectCache& cache_;
    Guarded<Kept> kept_;
};

}  // namespace yore::view
