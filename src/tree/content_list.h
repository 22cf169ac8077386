// SPDX-License-Identifier: Apache-2.0
/// Nodes of long extent lists, read in place. Offsets here are relative to the node's part.
#pragma once

#include <yore/tree/entry.h>

#include "tree/column.h"
#include "tree/node.h"

namespace yore::tree {

struct ListColumns {
    Column ends, offset, chunk;
    [[nodiscard]] bool open(const fb::ContentLeaf& leaf) {
        ColumnSource source(leaf.values());
        return source.take(leaf.extent_ends(), leaf.extent_count(), ends) &&
               source.take(leaf.extent_offset(), leaf.extent_count(), offset) &&
               source.take(leaf.extent_chunk(), leaf.extent_count(), chunk) && source.empty();
    }
};

class ListLeaf {
  public:
    /// `body` is part of `node` and checked.
    ListLeaf(SharedNode node, const fb::ContentLeaf& body) : node_(std::move(node)), body_(&body) {
        YORE_ENSURE(columns_.open(body));
    }
    std::uint32_t count() const { return body_->extent_count(); }
    std::uint64_t start(std::uint32_t place) const { return columns_.ends.before(place); }
    std::uint64_t end(std::uint32_t place) const { return columns_.ends.at(place); }
    std::uint64_t bytes() const { return end(count() - 1); }
    bool is_hole(std::uint32_t place) const { return columns_.chunk.at(place) == 0; }
    Extent extent(std::uint32_t place) const;
    std::uint64_t hole_bytes() const;
    /// The extent that covers `offset`, which is less than `bytes()`.
    std::uint32_t place_of(std::uint64_t offset) const;

  private:
    SharedNode node_;
    const fb::ContentLeaf* body_;
    ListColumns columns_;
};

class ListInner {
  public:
    ListInner(SharedNode node, const fb::ContentInner& body)
        : node_(std::move(node)), body_(&body) {}
    unsigned level() const { return body_->level(); }
    std::uint32_t count() const { return body_->children()->size(); }
    std::uint64_t start(std::uint32_t place) const { return place == 0 ? 0 : end(place - 1); }
    std::uint64_t end(std::uint32_t place) const { return child(place).end(); }
    std::uint64_t bytes() const { return end(count() - 1); }
    NodeId node(std::uint32_t place) const { return id_of<NodeId>(child(place).node()); }
    std::uint64_t hole_bytes(std::uint32_t place) const { return child(place).hole_bytes(); }
    std::uint64_t hole_bytes() const;
    std::uint32_t place_of(std::uint64_t offset) const;

  private:
    const fb::ContentChild& child(std::uint32_t place) const {
        return *body_->children()->Get(place);
    }
    SharedNode node_;
    const fb::ContentInner* body_;
};

/// Either of the two.
struct ListNode {
    std::optional<ListLeaf> leaf;
    std::optional<ListInner> inner;

    /// The top of a list. Throws `corrupt` for what is no node of a list.
    static ListNode load(const store::ObjectCache&, const NodeId&);
    /// Throws `corrupt` also when the child does not have the level and length that its parent
    /// says.
    static ListNode load_child(const store::ObjectCache&, const ListInner& parent,
                               std::uint32_t place);

    std::uint64_t bytes() const { return leaf ? leaf->bytes() : inner->bytes(); }
    std::uint64_t hole_bytes() const { return leaf ? leaf->hole_bytes() : inner->hole_bytes(); }
};

}  // namespace yore::tree
