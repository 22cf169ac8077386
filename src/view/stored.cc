// SPDX-License-Identifier: Apache-2.0
/// Places inside snapshots.
#include <yore/base/error.h>

#include "view/state.h"

namespace yore::view {

tree::EntryView View::State::entry(const Node& node) const {
    return tree::entry_at(cache, node.leaf, node.place);
}

Node View::State::top(const Node& directory, std::string_view name, std::uint32_t snapshot) const {
    const Shown& shown = snapshots.get(snapshot);
    Node node;
    node.kind = NodeKind::stored;
    node.identity = identities.top(directory.identity, name, shown.id);
    node.source = shown.source;
    node.snapshot = snapshot;
    node.path = identities.generated(NodeKind::stored, shown.source);
    node.leaf = shown.leaf;
    node.place = shown.place;
    return node;
}

Node View::State::child(const Node& directory, const tree::EntryView& entry,
                        const tree::Attributes& stat) const {
    Node node;
    node.kind = NodeKind::stored;
    node.source = directory.source;
    node.snapshot = directory.snapshot;
    node.path = identities.below(directory.path, entry.name());
    node.leaf = entry.leaf();
    node.place = entry.place();
    if (stat.kind == tree::FileKind::directory)
        node.identity = identities.below(directory.identity, entry.name());
    else if (stat.link_count > 1)
        node.identity = identities.linked(snapshots.get(directory.snapshot).id, entry, stat);
    else
        node.identity = identities.file(node.path, entry, stat);
    return node;
}

std::optional<Node> View::State::find_stored(const Node& directory, std::string_view name) const {
    const std::optional<NodeId> below = entry(directory).child();
    if (!below) return std::nullopt;
    const std::optional<tree::EntryView> found = tree::Directory(cache, *below).find(name);
    if (!found) return std::nullopt;
    return child(directory, *found, found->attributes());
}

void View::State::list_stored(const Node& directory, std::string_view after,
                              const std::function<bool(const Listing&)>& visit) const {
    const std::optional<NodeId> below = entry(directory).child();
    if (!below) return;
    tree::Directory(cache, *below).scan(after, [&](const tree::EntryView& entry) {
        Listing listing;
        listing.name = entry.name();
        listing.attributes.stat = entry.attributes();
        listing.kind = listing.attributes.stat.kind;
        listing.node = child(directory, entry, listing.attributes.stat);
        return visit(listing);
    });
}

std::optional<Bytes> View::State::stored_xattr(const Node& node, std::string_view name) const {
    const tree::EntryView found = entry(node);
    if (!found.has_xattrs()) return std::nullopt;
    for (tree::Xattr& xattr : found.xattrs()) {
        if (xattr.name != name) continue;
        if (!xattr.chunk) return std::move(xattr.value);
        const auto chunk = cache.chunk(*xattr.chunk);
        if (chunk->size() != xattr.size)
            throw Error(Errc::corrupt,
                        fmt::format("chunk {}: not as long as the xattr {} that it holds",
                                    xattr.chunk->hex(), xattr.name));
        return to_bytes(*chunk);
    }
    return std::nullopt;
}

}  // namespace yore::view
