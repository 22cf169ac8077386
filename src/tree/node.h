// SPDX-License-Identifier: Apache-2.0
/// Nodes as the store hands them out: verified once, then read in place without further checks.
#pragma once

#include <yore/base/error.h>
#include <yore/format/ids.h>
#include <yore/store/object_cache.h>
#include <yore/tree/entry.h>

#include <memory>

#include "format/tree_generated.h"

namespace yore::tree {

namespace fb = format::tree;

// Limits of the format (docs/format/trees.md). Builders keep them, checks demand them.
inline constexpr std::uint32_t leaf_entries_max = 2048;
inline constexpr std::uint32_t inline_extents_max = 16;
inline constexpr std::uint32_t list_extents_max = 2048;
inline constexpr std::uint32_t inner_children_max = 512;
inline constexpr unsigned level_max = 16;
inline constexpr std::size_t name_bytes_max = 255;
inline constexpr std::size_t target_bytes_max = 4095;
inline constexpr std::size_t xattr_inline_bytes_max = 4096;
inline constexpr std::uint64_t file_bytes_max = INT64_MAX;

using SharedNode = std::shared_ptr<const Buffer>;

/// `corrupt: node 91bc2d3e: WHAT`.
Error damaged_node(const NodeId&, std::string_view what);

/// FlatBuffers' verifier and every rule that docs/format/trees.md gives for one node: after
/// it, each offset, index and sum in the node is within its bounds. Throws `corrupt`.
/// A store::NodeCheck. `plain` is aligned as operator new aligns.
void check_node(const NodeId&, ByteView plain);

/// The checks of the four bodies; they return what is wrong, or nullptr.
const char* problem_in(const fb::DirectoryLeaf&);
const char* problem_in(const fb::DirectoryInner&);
const char* problem_in(const fb::ContentLeaf&);
const char* problem_in(const fb::ContentInner&);

inline const fb::Node& root_of(const Buffer& node) {
    return *fb::GetNode(node.data());
}
/// The body of a checked node; another kind of body is `corrupt`.
template <typename Body>
const Body& body_of(const NodeId& id, const Buffer& node, const char* expected) {
    const Body* body = root_of(node).template body_as<Body>();
    if (!body) throw damaged_node(id, expected);
    return *body;
}

template <typename Id>
Id id_of(const fb::Id& stored) {
    Id id;
    std::memcpy(id.bytes.data(), stored.bytes()->data(), id.bytes.size());
    return id;
}
fb::Id stored_id(ByteView id);

inline Totals totals_of(const fb::Totals& stored) {
    return {stored.bytes(), stored.files(), stored.directories(), stored.others()};
}
inline fb::Totals stored_totals(const Totals& totals) {
    return {totals.bytes, totals.files, totals.directories, totals.others};
}

template <typename T>
std::uint32_t size_of(const flatbuffers::Vector<T>* vector) {
    return vector ? vector->size() : 0;
}
/// FlatBuffers' verifier demands 4 bytes of every vector, and of its items no more.
template <typename T>
bool is_aligned(const flatbuffers::Vector<const T*>* structs) {
    return !structs || reinterpret_cast<std::uintptr_t>(structs->Data()) % alignof(T) == 0;
}
inline const char* text_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
    return bytes ? reinterpret_cast<const char*>(bytes->data()) : nullptr;
}

}  // namespace yore::tree
