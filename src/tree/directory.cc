// SPDX-License-Identifier: Apache-2.0
#include <yore/tree/directory.h>

#include "tree/cursor.h"

namespace yore::tree {

Directory::Directory(const store::ObjectCache& cache, NodeId top) : cache_(cache), top_(top) {}

std::optional<EntryView> Directory::find(std::string_view name) const {
    std::vector<InnerNode> path;  // keeps the names alive that bound what is below
    std::optional<std::string_view> bound;
    DirectoryNode node = DirectoryNode::load(cache_, top_);
    while (node.inner) {
        const InnerNode& parent = path.emplace_back(std::move(*node.inner));
        const std::uint32_t place = parent.place_of(name);
        if (place + 1 < parent.count()) bound = parent.first_name(place + 1);
        node = DirectoryNode::load_child(cache_, parent, place, bound);
    }
    const std::uint32_t place = node.leaf->lower_bound(name);
    if (place == node.leaf->count() || node.leaf->name(place) != name) return std::nullopt;
    return node.leaf->entry(place);
}

void Directory::scan(std::string_view after,
                     const std::function<bool(const EntryView&)>& visit) const {
    Cursor cursor(cache_, top_, after);
    while (const EntryView* entry = cursor.current()) {
        if (!visit(*entry)) return;
        cursor.advance();
    }
}

void Directory::scan_from(std::uint64_t place,
                          const std::function<bool(const EntryView&)>& visit) const {
    for (Cursor cursor(cache_, top_, place); cursor.current(); cursor.advance()) {
        if (!visit(*cursor.current())) return;
    }
}

std::uint64_t Directory::entry_count() const {
    return DirectoryNode::load(cache_, top_).entry_count();
}

Totals Directory::totals() const {
    return DirectoryNode::load(cache_, top_).totals();
}

EntryView entry_at(const store::ObjectCache& cache, const NodeId& id, std::uint32_t place) {
    const std::shared_ptr<const Leaf> leaf = Leaf::load(cache, id);
    if (place >= leaf->count()) throw damaged_node(id, fmt::format("no entry {}", place));
    return leaf->entry(place);
}

struct DirectoryCursor::State {
    Cursor cursor;
};

DirectoryCursor::DirectoryCursor(const store::ObjectCache& cache, NodeId top)
    : state_(std::make_unique<State>(State{Cursor(cache, top)})) {}
DirectoryCursor::DirectoryCursor(DirectoryCursor&&) noexcept = default;
DirectoryCursor& DirectoryCursor::operator=(DirectoryCursor&&) noexcept = default;
DirectoryCursor::~DirectoryCursor() = default;

const EntryView* DirectoryCursor::current() {
    return state_->cursor.current();
}
void DirectoryCursor::advance() {
    state_->cursor.advance();
}

Error own_ancestor(NodeId node, std::string_view path) {
    return Error(Errc::corrupt, fmt::format("{}: node {} is a directory that lies below itself",
                                            path, node.short_hex()));
}

}  // namespace yore::tree
