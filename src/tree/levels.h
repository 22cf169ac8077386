// SPDX-License-Identifier: Apache-2.0
/// The inner levels of a B-tree that is written from left to right.
#pragma once

#include <utility>
#include <vector>

#include "tree/bounds.h"
#include "tree/node_writer.h"

namespace yore::tree {

/// `Inner` collects the children of one node: Inner::Child is what a parent keeps of a node that
/// was written; add(Child), count(), only_child(), write(NodeWriter&, level) -> Child, which starts
/// anew. `hash(level, inner)` says, by its last child, whether the node ends.
template <typename Inner, typename Hash>
class Levels {
  public:
    Levels(NodeWriter& writer, Hash hash) : writer_(writer), hash_(std::move(hash)) {}

    bool empty() const { return levels_.empty(); }
    void add_leaf(typename Inner::Child&& leaf) { add(1, std::move(leaf)); }

    /// Writes what is left, lowest first. The first level with a single node is the top.
    /// There was a leaf.
    NodeId finish() {
        for (unsigned level = 1;; ++level) {
            const Inner& inner = levels_[level - 1];
            if (levels_.size() == level && inner.count() == 1) return inner.only_child();
            if (inner.count() > 0) write(level);
        }
    }

  private:
    void add(unsigned level, typename Inner::Child&& child) {
        YORE_ENSURE(level <= level_max);
        if (levels_.size() < level) levels_.emplace_back();
        Inner& inner = levels_[level - 1];
        inner.add(std::move(child));
        if (inner_sizes.ends(inner.count(), hash_(level, inner))) write(level);
    }
    void write(unsigned level) { add(level + 1, levels_[level - 1].write(writer_, level)); }

    NodeWriter& writer_;
    Hash hash_;
    std::vector<Inner> levels_;  // of level 1, 2 …
};

}  // namespace yore::tree
