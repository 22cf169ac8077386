// SPDX-License-Identifier: Apache-2.0
/// A place in a directory's B-tree, with the nodes from the top to it.
#pragma once

#include <vector>

#include "tree/directory_node.h"

namespace yore::tree {

/// Loads a node only when it is needed, so that nodes are skipped without having been read.
class Cursor {
  public:
    /// At the first entry.
    Cursor(const store::ObjectCache&, NodeId top);
    /// At the first entry whose name is greater than `after`.
    Cursor(const store::ObjectCache&, NodeId top, std::string_view after);

    /// At the entry before which there are `place` others.
    Cursor(const store::ObjectCache&, NodeId top, std::uint64_t place);

    /// nullptr at the end. Valid until the cursor moves. Loads what is missing on the way to it.
    const EntryView* current();
    void advance();

    /// Nodes on the path are numbered from the top, which is 0; the lowest is the leaf, or a node
    /// at whose start the cursor is and that has not been loaded yet.
    unsigned lowest() const { return static_cast<unsigned>(path_.size()); }
    NodeId node(unsigned depth) const {
        return depth == 0 ? top_ : path_[depth - 1].node.node(path_[depth - 1].place);
    }
    /// The highest node that starts with the current entry; nullopt: not even the lowest does.
    std::optional<unsigned> highest_started() const;
    /// Goes to the first entry behind that node.
    void skip(unsigned depth);
    /// Loads the lowest node; false when it had been.
    bool open_one();

  private:
    struct Step {
        InnerNode node;
        std::uint32_t place;
    };
    void next_node();
    DirectoryNode load_lowest() const;
    std::optional<std::string_view> bound() const;
    void enter(std::shared_ptr<const Leaf> leaf, std::uint32_t place);

    const store::ObjectCache* cache_;
    NodeId top_;
    std::vector<Step> path_;
    std::shared_ptr<const Leaf> leaf_;  ///< null: the lowest node is not loaded
    std::uint32_t place_ = 0;
    EntryView current_;
    bool at_end_ = false;
};

}  // namespace yore::tree
