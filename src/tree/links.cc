// SPDX-License-Identifier: Apache-2.0
#include <yore/tree/links.h>

#include "tree/node.h"

namespace yore::tree {
namespace {

void add_chunks(Links& links, const flatbuffers::Vector<const fb::Id*>* chunks) {
    if (chunks == nullptr) return;
    for (const fb::Id* chunk : *chunks) links.chunks.push_back(id_of<ChunkId>(*chunk));
}

template <typename Child>
void add_children(Links& links, const flatbuffers::Vector<const Child*>* children) {
    if (children == nullptr) return;
    for (const Child* child : *children) links.nodes.push_back(id_of<NodeId>(child->node()));
}

void add_leaf(Links& links, const fb::DirectoryLeaf& leaf) {
    add_chunks(links, leaf.chunks());
    if (leaf.subdirectories() != nullptr)
        for (const fb::Subdirectory* below : *leaf.subdirectories())
            links.nodes.push_back(id_of<NodeId>(below->top()));
    if (leaf.lists() != nullptr)
        for (const fb::Id* list : *leaf.lists()) links.nodes.push_back(id_of<NodeId>(*list));
    if (leaf.xattr_sets() == nullptr) return;
    for (const fb::XattrSet* set : *leaf.xattr_sets())
        for (const fb::Xattr* xattr : *set->xattrs())
            if (xattr->chunk() != nullptr) links.chunks.push_back(id_of<ChunkId>(*xattr->chunk()));
}

}  // namespace

Links links_of(const NodeId& id, ByteView plain) {
    check_node(id, plain);
    const fb::Node& node = *fb::GetNode(plain.data());
    Links links;
    if (const auto* leaf = node.body_as_DirectoryLeaf()) add_leaf(links, *leaf);
    if (const auto* inner = node.body_as_DirectoryInner()) add_children(links, inner->children());
    if (const auto* leaf = node.body_as_ContentLeaf()) add_chunks(links, leaf->chunks());
    if (const auto* inner = node.body_as_ContentInner()) add_children(links, inner->children());
    return links;
}

}  // namespace yore::tree
