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
    catalog::SnapshotName name;
    SnapshotId id;
    Timestamp ended;
    NodeId leaf;  ///< of the top entry
    std::uint32_t place = 0;
};

/// Records are read when a snapshot is first opened, and what a mount needs of them is kept: some
/// 100 bytes each. Any thread.
class ShownSnapshots {
  public:
    ShownSnapshots(const catalog::Catalog& catalog, const store::ObjectCache& cache)
        : catalog_(catalog), cache_(cache) {}

    /// No such snapshot: nullopt. Its top cannot be read: throws.
    std::optional<std::uint32_t> number_of(std::uint32_t source, catalog::SnapshotName);
    const Shown& get(std::uint32_t number) const;

  private:
    struct Kept {
        std::deque<Shown> snapshots;  ///< references stay valid
        std::map<std::pair<std::uint32_t, catalog::SnapshotName>, std::uint32_t> numbers;
    };
    const catalog::Catalog& catalog_;
    const store::ObjectCache& cache_;
    Guarded<Kept> kept_;
};

}  // namespace yore::view
