// SPDX-License-Identifier: Apache-2.0
#include "tree/node.h"

namespace yore::tree {
namespace {

const char* problem_in_node(ByteView plain) {
    constexpr std::size_t header_bytes = 8;
    const auto* data = reinterpret_cast<const std::uint8_t*>(plain.data());
    if (plain.size() < header_bytes || plain.size() > store::node_bytes_max) {
        return "not the size of a tree node";
    }
    flatbuffers::Verifier verifier(data, plain.size());
    if (!fb::VerifyNodeBuffer(verifier)) return "not a tree node";
    const fb::Node& node = *fb::GetNode(data);
    switch (node.body_type()) {
        case fb::Body::DirectoryLeaf:
            return problem_in(*node.body_as_DirectoryLeaf());
        case fb::Body::DirectoryInner:
            return problem_in(*node.body_as_DirectoryInner());
        case fb::Body::ContentLeaf:
            return problem_in(*node.body_as_ContentLeaf());
        case fb::Body::ContentInner:
            return problem_in(*node.body_as_ContentInner());
        default:
            return "a tree node of an unknown kind";
    }
}

}  // namespace

Error damaged_node(const NodeId& id, std::string_view what) {
    return Error(Errc::corrupt, fmt::format("node {}: {}", id.short_hex(), what));
}

void check_node(const NodeId& id, ByteView plain) {
    YORE_ENSURE(reinterpret_cast<std::uintptr_t>(plain.data()) % alignof(std::uint64_t) == 0);
    if (const char* problem = problem_in_node(plain)) throw damaged_node(id, problem);
}

fb::Id stored_id(ByteView id) {
    return fb::Id(flatbuffers::span<const std::uint8_t, 32>(
        reinterpret_cast<const std::uint8_t*>(id.data()), 32));
}

}  // namespace yore::tree
