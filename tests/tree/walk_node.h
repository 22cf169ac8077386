// SPDX-License-Identifier: Apache-2.0
/// Reads everything that a checked node holds, as readers do: for tests with damaged nodes.
#pragma once

#include <yore/base/error.h>

#include "tree/content_list.h"
#include "tree/directory_node.h"

namespace yore::test {

inline void walk_leaf(const tree::Leaf& leaf) {
    std::string_view previous;
    std::uint64_t bytes = 0;
    for (std::uint32_t place = 0; place < leaf.count(); ++place) {
        const tree::Entry entry = leaf.entry(place).copy();
        YORE_ENSURE(std::string_view(entry.name) > previous);
        YORE_ENSURE(leaf.lower_bound(entry.name) == place);
        YORE_ENSURE(leaf.upper_bound(entry.name) == place + 1);
        if (!entry.content.list) {
            std::uint64_t sum = 0;
            for (const tree::Extent& extent : entry.content.extents) sum += extent.length;
            YORE_ENSURE(sum == entry.content.size);
        }
        YORE_ENSURE(entry.child.has_value() ==
                    (entry.attributes.kind == tree::FileKind::directory));
        previous = leaf.name(place);
        bytes += entry.target.size();
    }
    YORE_ENSURE(bytes < store::node_bytes_max);
    (void)leaf.totals();
}

inline void walk_inner(const tree::InnerNode& inner) {
    YORE_ENSURE(inner.entry_count() >= inner.count());
    (void)inner.totals();
    for (std::uint32_t place = 0; place < inner.count(); ++place) {
        YORE_ENSURE(inner.place_of(inner.first_name(place)) == place);
        (void)inner.node(place);
    }
}

inline void walk_list(const tree::ListLeaf& leaf) {
    for (std::uint32_t place = 0; place < leaf.count(); ++place) {
        YORE_ENSURE(leaf.extent(place).length > 0);
        YORE_ENSURE(leaf.place_of(leaf.start(place)) == place);
        YORE_ENSURE(leaf.place_of(leaf.end(place) - 1) == place);
    }
    YORE_ENSURE(leaf.hole_bytes() <= leaf.bytes());
}

inline void walk_list(const tree::ListInner& inner) {
    for (std::uint32_t place = 0; place < inner.count(); ++place) {
        YORE_ENSURE(inner.place_of(inner.start(place)) == place);
        (void)inner.node(place);
    }
    YORE_ENSURE(inner.hole_bytes() <= inner.bytes());
}

/// Throws `corrupt` for what check_node refuses; everything else is read to its end.
inline void check_and_walk(ByteView plain) {
    const NodeId id;
    const auto node = std::make_shared<const Buffer>(Buffer::copy_of(plain));
    tree::check_node(id, *node);
    const tree::fb::Node& root = tree::root_of(*node);
    if (const auto* leaf = root.body_as_DirectoryLeaf()) {
        walk_leaf(*std::make_shared<const tree::Leaf>(id, node, *leaf));
    } else if (const auto* inner = root.body_as_DirectoryInner()) {
        walk_inner(tree::InnerNode(node, *inner));
    } else if (const auto* list = root.body_as_ContentLeaf()) {
        walk_list(tree::ListLeaf(node, *list));
    } else {
        walk_list(tree::ListInner(node, *root.body_as_ContentInner()));
    }
}

}  // namespace yore::test
