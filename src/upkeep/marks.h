// SPDX-License-Identifier: Apache-2.0
/// What is live: a bit for each object of each pack, found from what refers to it.
///
/// Nodes are read past the cache, so that a mount keeps its own.
#pragma once

#include <yore/catalog/references.h>
#include <yore/store/store.h>

#include <cstdint>
#include <functional>
#include <stop_token>
#include <unordered_map>
#include <vector>

namespace yore::upkeep {

class Marks {
  public:
    /// False: it was there already.
    bool add(const store::ObjectInfo&);
    bool contains(Location) const;
    struct Live {
        std::uint64_t objects = 0, bytes = 0;  ///< as stored
    };
    Live live_in(std::uint64_t pack_number) const;

  private:
    struct Pack {
        std::vector<std::uint64_t> bits;  ///< by place in the pack
        Live live;
    };
    std::unordered_map<std::uint64_t, Pack> packs_;
};

/// Follows references and marks all that they reach, each object once.
class Marker {
  public:
    struct Counts {
        std::uint64_t nodes = 0, chunks = 0;
    };
    /// `told` is called now and then.
    Marker(const store::Store& store, Marks& marks, const std::stop_token& stop,
           const std::function<void(const Counts&)>& told)
        : store_(store), marks_(marks), stop_(stop), told_(told) {}

    /// Something is not there or cannot be read: `corrupt`, as what it refers to is not known.
    /// Stopped: `cancelled`.
    void follow(const catalog::References&);

  private:
    void follow_tree(const NodeId& top);
    void mark(const ChunkId&);

    const store::Store& store_;
    Marks& marks_;
    const std::stop_token& stop_;
    const std::function<void(const Counts&)>& told_;
    Counts counts_;
};

}  // namespace yore::upkeep
