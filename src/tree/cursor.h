// SPDX-License-Identifier: Apache-2.0
/// A place in a directory's B-tree, with the nodes from the top to it.
#pragma once

#include <vector>

#include "tree/directory_node.h"

namespace yore::tree {

class Cursor {
  public:
    /// At the first entry.
    Cursor(const store::ObjectCache&, NodeId top);
    /// Then at the first entry whose name is greater than `after`.
    Cursor(const store::ObjectCache&, NodeId top, std::string_view after);

    /// nullptr at the end. Valid until the cursor moves.
    const EntryView* current() const { return at_end_ ? nullptr : &current_; }
    void advance();

    /// Nodes on the path are numbered from the top, which is 0; the leaf is the last.
    unsigned leaf_depth() const { return static_cast<unsigned>(path_.size()); }
    NodeId node(unsigned depth) const {
        return depth == 0 ? top_ : path_[depth - 1].node.node(path_[depth - 1].place);
    }
    /// The highest node that starts with the current entry; nullopt: not even the leaf does.
    std::optional<unsigned> highest_started() const;
    /// Goes to the first entry behind that node.
    void skip(unsigned depth);

  private:
    struct Step {
        InnerNode node;
        std::uint32_t place;
    };
    void descend(DirectoryNode node, const std::string_view* after);
    void enter_next_leaf();
    std::optional<std::string_view> bound() const;
    void set_leaf(std::shared_ptr<const Leaf> leaf, std::uint32_t place);

    const store::ObjectCache* cache_;
    NodeId top_;
    std::vector<Step> path_;
    std::shared_ptr<const Leaf> leaf_;
    std::uint32_t place_ = 0;
    EntryView current_;
    bool at_end_ = false;
};

}  // namespace yore::tree
