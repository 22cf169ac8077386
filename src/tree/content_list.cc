// SPDX-License-Identifier: Apache-2.0
#include "tree/content_list.h"

#include "tree/partition.h"

namespace yore::tree {

Extent ListLeaf::extent(std::uint32_t place) const {
    Extent extent;
    extent.length = end(place) - start(place);
    if (const std::uint32_t chunk = columns_.chunk.at32(place); chunk != 0) {
        extent.chunk = id_of<ChunkId>(*body_->chunks()->Get(chunk - 1));
        extent.offset = columns_.offset.at32(place);
    }
    return extent;
}

std::uint64_t ListLeaf::hole_bytes() const {
    std::uint64_t sum = 0;
    for (std::uint32_t place = 0; place < count(); ++place) {
        if (is_hole(place)) sum += end(place) - start(place);
    }
    return sum;
}

std::uint32_t ListLeaf::place_of(std::uint64_t offset) const {
    return partition_place(count(), [&](std::uint32_t place) { return end(place) <= offset; });
}

std::uint64_t ListInner::hole_bytes() const {
    std::uint64_t sum = 0;
    for (std::uint32_t place = 0; place < count(); ++place) sum += hole_bytes(place);
    return sum;
}

std::uint32_t ListInner::place_of(std::uint64_t offset) const {
    return partition_place(count(), [&](std::uint32_t place) { return end(place) <= offset; });
}

ListNode ListNode::load(const store::ObjectCache& cache, const NodeId& id) {
    SharedNode node = cache.node(id, check_node);
    const fb::Node& root = root_of(*node);
    if (const auto* leaf = root.body_as_ContentLeaf()) {
        return {ListLeaf(std::move(node), *leaf), std::nullopt};
    }
    if (const auto* inner = root.body_as_ContentInner()) {
        return {std::nullopt, ListInner(std::move(node), *inner)};
    }
    throw damaged_node(id, "not a list of extents");
}

ListNode ListNode::load_child(const store::ObjectCache& cache, const ListInner& parent,
                              std::uint32_t place) {
    const NodeId id = parent.node(place);
    ListNode node = load(cache, id);
    const unsigned level = node.leaf ? 0 : node.inner->level();
    if (level + 1 != parent.level()) {
        throw damaged_node(id, "not at the level that its parent says");
    }
    if (node.bytes() != parent.end(place) - parent.start(place)) {
        throw damaged_node(id, "not the length that its parent says");
    }
    return node;
}

}  // namespace yore::tree
