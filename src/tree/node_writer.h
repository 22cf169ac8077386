// SPDX-License-Identifier: Apache-2.0
/// Where builders hand in a node's body: wraps it as a Node, stores it, gives its id.
#pragma once

#include <yore/store/store.h>

#include "tree/node.h"

namespace yore::tree {

class NodeWriter {
  public:
    explicit NodeWriter(store::NodeSink& sink) : sink_(sink) {}
    flatbuffers::FlatBufferBuilder& buffer() { return buffer_; }

    template <typename Body>
    NodeId put(flatbuffers::Offset<Body> body) {
        buffer_.Finish(fb::CreateNode(buffer_, fb::BodyTraits<Body>::enum_value, body.Union()),
                       fb::NodeIdentifier());
        const NodeId id =
            sink_.put_node(std::as_bytes(std::span(buffer_.GetBufferPointer(), buffer_.GetSize())));
        buffer_.Clear();
        return id;
    }
    /// A vector in the node; nothing at all for an empty one.
    template <typename T>
    flatbuffers::Offset<flatbuffers::Vector<T>> vector(const T* items, std::size_t count) {
        return count == 0 ? 0 : buffer_.CreateVector(items, count);
    }
    template <typename T>
    flatbuffers::Offset<flatbuffers::Vector<const T*>> structs(const std::vector<T>& items) {
        return items.empty() ? 0 : buffer_.CreateVectorOfStructs(items);
    }
    template <typename Id>
    flatbuffers::Offset<flatbuffers::Vector<const fb::Id*>> ids(const std::vector<Id>& ids) {
        static_assert(sizeof(Id) == sizeof(fb::Id), "the bytes and nothing else");
        return ids.empty() ? 0
                           : buffer_.CreateVectorOfStructs(
                                 reinterpret_cast<const fb::Id*>(ids.data()), ids.size());
    }
    flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> bytes(std::string_view text) {
        return vector(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    }

  private:
    store::NodeSink& sink_;
    flatbuffers::FlatBufferBuilder buffer_{64u << 10};
};

}  // namespace yore::tree
