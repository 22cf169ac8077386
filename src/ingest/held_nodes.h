// SPDX-License-Identifier: Apache-2.0
/// The nodes of a tree that is read again and again, in memory until it is worth being stored.
#pragma once

#include <yore/base/guarded.h>
#include <yore/store/object_cache.h>

#include <memory>
#include <unordered_map>

namespace yore::ingest {

/// Any thread.
class HeldNodes final : public store::NodeSink, public store::ObjectMaker {
  public:
    explicit HeldNodes(const store::Store& store) : store_(store) {}

    NodeId put_node(ByteView plain) override;
    std::shared_ptr<const Buffer> make(const NodeId&) const override;

    /// Stores all of a tree that is held; the rest of it is stored.
    void write_tree(const NodeId& root, store::Writer&) const;
    std::uint64_t bytes() const;
    void clear();

  private:
    struct Held {
        std::unordered_map<NodeId, std::shared_ptr<const Buffer>> nodes;
        std::uint64_t bytes = 0;
    };
    const store::Store& store_;
    Guarded<Held> held_;
};

}  // namespace yore::ingest
