// SPDX-License-Identifier: Apache-2.0
#include "tree/directory_node.h"

#include "tree/partition.h"

namespace yore::tree {

InnerNode::InnerNode(SharedNode node, const fb::DirectoryInner& body)
    : node_(std::move(node)), body_(&body) {
    ColumnSource source(body.values());
    YORE_ENSURE(source.take(body.name_ends(), count(), name_ends_));
}

std::uint64_t InnerNode::entry_count() const {
    std::uint64_t sum = 0;
    for (std::uint32_t place = 0; place < count(); ++place) sum += entry_count(place);
    return sum;
}

Totals InnerNode::totals() const {
    Totals totals;
    for (std::uint32_t place = 0; place < count(); ++place) {
        totals += totals_of(child(place).totals());
    }
    return totals;
}

std::uint32_t InnerNode::place_of(std::string_view name) const {
    const std::uint32_t after =
        partition_place(count(), [&](std::uint32_t place) { return first_name(place) <= name; });
    return after == 0 ? 0 : after - 1;
}

DirectoryNode DirectoryNode::load(const store::ObjectCache& cache, const NodeId& id) {
    SharedNode node = cache.node(id, check_node);
    const fb::Node& root = root_of(*node);
    if (const auto* leaf = root.body_as_DirectoryLeaf()) {
        return {std::make_shared<const Leaf>(id, std::move(node), *leaf), std::nullopt};
    }
    if (const auto* inner = root.body_as_DirectoryInner()) {
        return {nullptr, InnerNode(std::move(node), *inner)};
    }
    throw damaged_node(id, "not a node of a directory");
}

namespace {

bool ends_before(const DirectoryNode& node, std::optional<std::string_view> bound) {
    if (!bound) return true;
    // An inner node's last names lie deeper; there the same bound is passed on.
    const std::string_view last = node.leaf ? node.leaf->name(node.leaf->count() - 1)
                                            : node.inner->first_name(node.inner->count() - 1);
    return last < *bound;
}

}  // namespace

DirectoryNode DirectoryNode::load_child(const store::ObjectCache& cache, const InnerNode& parent,
                                        std::uint32_t place,
                                        std::optional<std::string_view> bound) {
    const NodeId id = parent.node(place);
    DirectoryNode node = load(cache, id);
    const unsigned level = node.leaf ? 0 : node.inner->level();
    if (level + 1 != parent.level())
        throw damaged_node(id, "not at the level that its parent says");
    if (node.entry_count() != parent.entry_count(place)) {
        throw damaged_node(id, "not as many entries as its parent says");
    }
    const std::string_view first = node.leaf ? node.leaf->name(0) : node.inner->first_name(0);
    if (first != parent.first_name(place) || !ends_before(node, bound)) {
        throw damaged_node(id, "not the names that its parent says");
    }
    return node;
}

}  // namespace yore::tree
