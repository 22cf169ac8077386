// SPDX-License-Identifier: Apache-2.0
/// Places inside snapshots.
#include <yore/base/error.h>

#include "view/state.h"

namespace yore::view {
namespace {

/// Makes the nodes of one directory's entries; memory is taken once for all of them.
class Children {
  public:
    Children(const Identities& identities, const ShownSnapshots& snapshots, const Node& directory)
        : identities_(identities), snapshots_(snapshots), directory_(directory) {}

    Node node(const tree::EntryView& entry, Attributes& attributes) {
        attributes = {.stat = entry.attributes()};
        const tree::Attributes& stat = attributes.stat;
        Node node;
        node.kind = NodeKind::stored;
        node.source = directory_.source;
        node.snapshot = directory_.snapshot;
        node.path = identities_.below(directory_.path, entry.name());
        node.leaf = entry.leaf();
        node.place = entry.place();
        if (stat.kind == tree::FileKind::directory) {
            node.identity = identities_.below(directory_.identity, entry.name());
            return node;
        }
        if (stat.kind == tree::FileKind::regular) {
            entry.content(content_);
            attributes.hole_bytes = content_.hole_bytes;
        }
        node.identity =
            stat.link_count > 1
                ? identities_.linked(snapshots_.get(directory_.snapshot).id, entry, stat, content_)
                : identities_.file(node.path, entry, stat, content_);
        return node;
    }

  private:
    const Identities& identities_;
    const ShownSnapshots& snapshots_;
    const Node& directory_;
    tree::Content content_;
};

}  // namespace

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

std::optional<Node> View::State::find_stored(const Node& directory, std::string_view name) const {
    const std::optional<NodeId> below = entry(directory).child();
    if (!below) return std::nullopt;
    const std::optional<tree::EntryView> found = tree::Directory(cache, *below).find(name);
    if (!found) return std::nullopt;
    Attributes attributes;
    return Children(identities, snapshots, directory).node(*found, attributes);
}

Attributes View::State::stored_attributes(const Node& node) const {
    const tree::EntryView found = entry(node);
    Attributes attributes{.stat = found.attributes()};
    if (attributes.stat.kind == tree::FileKind::regular)
        attributes.hole_bytes = found.content().hole_bytes;
    return attributes;
}

void View::State::list_stored(const Node& directory, std::uint64_t after,
                              const std::function<bool(const Listing&)>& visit) const {
    const std::optional<NodeId> below = entry(directory).child();
    if (!below) return;
    Children children(identities, snapshots, directory);
    Listing listing;
    listing.cookie = after;
    tree::Directory(cache, *below).scan_from(after, [&](const tree::EntryView& found) {
        listing.name = found.name();
        listing.node = children.node(found, listing.attributes);
        listing.kind = listing.attributes.stat.kind;
        ++listing.cookie;
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
