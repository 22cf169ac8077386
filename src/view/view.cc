// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/view/view.h>

#include <algorithm>
#include <deque>

#include "view/state.h"

namespace yore::view {
namespace {

constexpr int links_followed_max = 8;
constexpr std::string_view generated_prefix = "user.yore.";

std::vector<std::string> components(std::string_view path) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        if (end > begin) parts.emplace_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

bool is_generated_link(const Node& node) {
    return node.kind == NodeKind::snapshot_link || node.kind == NodeKind::every_link;
}

/// Names a file's content: equal extents, equal text. Not a hash of the plain bytes.
std::string content_id(const tree::EntryView& entry, const store::Store& store) {
    const tree::Content content = entry.content();
    if (content.list) return content.list->hex();
    Bytes extents;
    for (const tree::Extent& extent : content.extents) {
        const auto* bytes = reinterpret_cast<const std::byte*>(&extent.length);
        extents.insert(extents.end(), bytes, bytes + sizeof extent.length);
        bytes = reinterpret_cast<const std::byte*>(&extent.offset);
        extents.insert(extents.end(), bytes, bytes + sizeof extent.offset);
        if (extent.chunk)
            extents.insert(extents.end(), extent.chunk->bytes.begin(), extent.chunk->bytes.end());
    }
    return store.node_id(extents).hex();
}

}  // namespace

View::State::State(catalog::Catalog& records, const store::ObjectCache& decoded, const Clock& time)
    : catalog(records),
      cache(decoded),
      clock(time),
      identities(records.store().keys().inodes),
      snapshots(records, decoded) {
    root = plain(NodeKind::root, 0);
}

View::View(catalog::Catalog& catalog, const store::ObjectCache& cache, const Clock& clock)
    : state_(std::make_unique<State>(catalog, cache, clock)) {
    refresh();
}
View::~View() = default;

Node View::root() const {
    return state_->root;
}

std::optional<Node> View::lookup(const Node& directory, std::string_view name) const {
    switch (directory.kind) {
        case NodeKind::root:
            return state_->find_source(name);
        case NodeKind::every:
            return state_->find_every_moment(name);
        case NodeKind::every_moment:
            return state_->find_every_link(directory, name);
        case NodeKind::source:
            return state_->find_in_source(directory, name);
        case NodeKind::snapshots:
            return state_->find_in_snapshots(directory, name);
        case NodeKind::at:
            return state_->find_at(directory, name);
        case NodeKind::stored:
            return state_->find_stored(directory, name);
        case NodeKind::readme:
        case NodeKind::info:
        case NodeKind::snapshot_link:
        case NodeKind::every_link:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<Node> View::resolve(std::string_view path) const {
    std::vector<Node> trail{root()};
    std::vector<std::string> parts = components(path);
    std::deque<std::string> left(parts.begin(), parts.end());
    for (int links = 0; !left.empty();) {
        const std::string name = left.front();
        left.pop_front();
        if (name == ".") continue;
        if (name == "..") {
            if (trail.size() > 1) trail.pop_back();
            continue;
        }
        const std::optional<Node> next = lookup(trail.back(), name);
        if (!next) return std::nullopt;
        if (!is_generated_link(*next)) {
            trail.push_back(*next);
            continue;
        }
        if (++links > links_followed_max) return std::nullopt;
        parts = components(link_target(*next));
        left.insert(left.begin(), parts.begin(), parts.end());
    }
    return trail.back();
}

Attributes View::attributes(const Node& node) const {
    if (node.kind != NodeKind::stored) return state_->generated_attributes(node);
    return {.stat = state_->entry(node).attributes(), .immutable = true};
}

void View::list(const Node& directory, std::string_view after,
                const std::function<bool(const Listing&)>& visit) const {
    if (directory.kind == NodeKind::stored)
        state_->list_stored(directory, after, visit);
    else
        state_->list_generated(directory, after, visit);
}

std::string View::link_target(const Node& node) const {
    if (is_generated_link(node)) return state_->generated_target(node);
    if (node.kind != NodeKind::stored) throw Error(Errc::invalid, "not a symbolic link");
    return std::string(state_->entry(node).target());
}

std::variant<tree::ContentReader, std::string> View::open(const Node& node) const {
    if (node.kind == NodeKind::readme || node.kind == NodeKind::info)
        return state_->generated_text(node);
    if (node.kind != NodeKind::stored) throw Error(Errc::invalid, "not a regular file");
    const tree::EntryView entry = state_->entry(node);
    if (entry.kind() != tree::FileKind::regular) throw Error(Errc::invalid, "not a regular file");
    return tree::ContentReader(state_->cache, entry.content());
}

std::vector<std::string> View::xattr_names(const Node& node) const {
    std::vector<std::string> names;
    if (node.kind != NodeKind::stored) return names;
    const tree::EntryView entry = state_->entry(node);
    if (entry.has_xattrs())
        for (tree::Xattr& xattr : entry.xattrs()) names.push_back(std::move(xattr.name));
    return names;
}

std::optional<Bytes> View::xattr(const Node& node, std::string_view name) const {
    if (node.kind != NodeKind::stored) return std::nullopt;
    const tree::EntryView entry = state_->entry(node);
    if (entry.has_xattrs())
        for (const tree::Xattr& xattr : entry.xattrs())
            if (xattr.name == name)
                return xattr.chunk ? to_bytes(*state_->cache.chunk(*xattr.chunk)) : xattr.value;
    if (!name.starts_with(generated_prefix)) return std::nullopt;
    const Shown& shown = state_->snapshots.get(node.snapshot);
    const bool directory = entry.kind() == tree::FileKind::directory;
    if (directory && name == "user.yore.snapshot") return to_bytes(as_bytes(shown.name.text()));
    if (directory && name == "user.yore.time") return to_bytes(as_bytes(to_rfc3339(shown.ended)));
    if (entry.kind() == tree::FileKind::regular && name == "user.yore.content-id")
        return to_bytes(as_bytes(content_id(entry, state_->cache.store())));
    return std::nullopt;
}

std::vector<View::Appeared> View::refresh() {
    std::vector<Appeared> appeared;
    State& state = *state_;
    for (const catalog::Source& source : state.catalog.sources()) {
        const std::vector<catalog::SnapshotName> names = state.catalog.snapshot_names(source.id);
        const auto [is_new, before] = state.seen.with([&](auto& seen) {
            const auto [at, added] = seen.try_emplace(source.id);
            State::Seen now{.count = names.size(), .newest = std::nullopt};
            if (!names.empty()) now.newest = names.back();
            return std::pair(added, std::exchange(at->second, now));
        });
        if (is_new) appeared.push_back({state.root, source.name});
        if (before.count == names.size() && (names.empty() || before.newest == names.back()))
            continue;
        const Node listed = state.plain(NodeKind::snapshots, source.id);
        for (auto name = names.rbegin(); name != names.rend(); ++name) {
            if (before.newest && *name <= *before.newest) break;
            appeared.push_back({listed, name->text()});
        }
        appeared.push_back({listed, "latest"});
        for (const char* name : {"latest", "earliest"})
            appeared.push_back({state.plain(NodeKind::at, source.id), name});
        appeared.push_back({state.plain(NodeKind::source, source.id), "info.json"});
    }
    return appeared;
}

View::Space View::space() const {
    return {
        .bytes_stored = state_->cache.store().stats().backend_bytes, .bytes_free = 0, .entries = 0};
}

}  // namespace yore::view
