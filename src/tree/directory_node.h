// SPDX-License-Identifier: Apache-2.0
/// The nodes of a directory's B-tree: leaves, and inner nodes that point to them.
#pragma once

#include <optional>
#include <string_view>

#include "tree/leaf.h"

namespace yore::tree {

class InnerNode {
  public:
    /// `body` is part of `node` and checked.
    InnerNode(SharedNode node, const fb::DirectoryInner& body);

    unsigned level() const { return body_->level(); }
    std::uint32_t count() const { return body_->children()->size(); }
    std::string_view first_name(std::uint32_t place) const {
        const std::uint32_t start = name_ends_.before32(place);
        return {text_of(body_->names()) + start, name_ends_.at32(place) - start};
    }
    NodeId node(std::uint32_t place) const { return id_of<NodeId>(child(place).node()); }
    std::uint64_t entry_count(std::uint32_t place) const { return child(place).entry_count(); }
    std::uint64_t entry_count() const;
    Totals totals() const;
    /// The child in which `name` is, if it is anywhere: the last that starts at or before it;
    /// the first for names before all.
    std::uint32_t place_of(std::string_view name) const;

  private:
    const fb::DirectoryChild& child(std::uint32_t place) const {
        return *body_->children()->Get(place);
    }
    SharedNode node_;
    const fb::DirectoryInner* body_;
    Column name_ends_;
};

/// Either of the two.
struct DirectoryNode {
    std::shared_ptr<const Leaf> leaf;
    std::optional<InnerNode> inner;

    /// The top of a directory. Throws `corrupt` for what is no node of a directory.
    static DirectoryNode load(const store::ObjectCache&, const NodeId&);
    /// Throws `corrupt` also when the child is not what its parent says: its level, its first name,
    /// its count, and that it ends before `bound` (absent: nothing follows).
    static DirectoryNode load_child(const store::ObjectCache&, const InnerNode& parent,
                                    std::uint32_t place, std::optional<std::string_view> bound);

    std::uint64_t entry_count() const { return leaf ? leaf->count() : inner->entry_count(); }
    Totals totals() const { return leaf ? leaf->totals() : inner->totals(); }
};

}  // namespace yore::tree
