// SPDX-License-Identifier: Apache-2.0
#include "ingest/held_nodes.h"

#include <yore/tree/links.h>

#include <unordered_set>
#include <vector>

namespace yore::ingest {

NodeId HeldNodes::put_node(ByteView plain) {
    const NodeId id = store_.node_id(plain);
    auto bytes = std::make_shared<const Buffer>(Buffer::copy_of(plain));
    held_.with([&](Held& held) {
        if (held.nodes.emplace(id, std::move(bytes)).second) held.bytes += plain.size();
    });
    return id;
}

std::shared_ptr<const Buffer> HeldNodes::make(const NodeId& id) const {
    return held_.with([&](const Held& held) {
        const auto found = held.nodes.find(id);
        return found == held.nodes.end() ? nullptr : found->second;
    });
}

void HeldNodes::write_tree(const NodeId& root, store::Writer& writer) const {
    std::unordered_set<NodeId> written{root};
    std::vector<NodeId> pending{root};
    while (!pending.empty()) {
        const NodeId id = pending.back();
        pending.pop_back();
        const auto bytes = make(id);
        if (!bytes) continue;
        writer.put_node(*bytes);
        for (const NodeId& below : tree::links_of(id, *bytes).nodes)
            if (written.insert(below).second) pending.push_back(below);
    }
}

std::uint64_t HeldNodes::bytes() const {
    return held_.with([](const Held& held) { return held.bytes; });
}

void HeldNodes::clear() {
    held_.with([](Held& held) { held = {}; });
}

}  // namespace yore::ingest
