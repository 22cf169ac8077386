// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/crypto/hash.h>
#include <yore/tree/uncertain.h>
#include <yore/view/log_replay.h>
#include <yore/view/view.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

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

/// SHA-256 of the chunks that make the bytes. Keyed, since their ids are.
std::string content_id(const tree::Content& content) {
    if (content.list) return content.list->hex();
    std::string parts = "yore content 1\n";
    for (const tree::Extent& extent : content.extents)
        parts += fmt::format("{} {} {}\n", extent.length, extent.offset,
                             extent.chunk ? extent.chunk->hex() : "hole");
    return to_hex(crypto::sha256(as_bytes(parts)));
}

Bytes text_value(std::string_view text) {
    return to_bytes(as_bytes(text));
}

}  // namespace

View::State::State(catalog::Catalog& records, const store::ObjectCache& decoded, const Clock& time,
                   const Replay* applies)
    : catalog(records),
      cache(decoded),
      clock(time),
      replay(applies),
      identities(records.store().keys().inodes),
      sources(records),
      snapshots(records, decoded),
      root(place(NodeKind::root)),
      seen(look()) {}

std::optional<Node> View::State::find(const Node& directory, std::string_view name) {
    switch (directory.kind) {
        case NodeKind::root:
            return find_in_root(name);
        case NodeKind::every:
            return find_every_moment(name);
        case NodeKind::every_moment:
            return find_source_link(directory, name);
        case NodeKind::source:
            return find_in_source(directory, name);
        case NodeKind::snapshots:
            return find_in_snapshots(directory, name);
        case NodeKind::at:
            return find_at(directory, name);
        case NodeKind::calendar:
            return find_in_calendar(directory, name);
        case NodeKind::versions:
            return find_in_versions(directory, name);
        case NodeKind::logs:
            return find_log(directory, name);
        case NodeKind::log:
            return find_segment(directory, name);
        case NodeKind::stored:
            return find_stored(directory, name);
        default:
            return std::nullopt;
    }
}

View::View(catalog::Catalog& catalog, const store::ObjectCache& cache, const Clock& clock,
           const Replay* replay)
    : state_(std::make_unique<State>(catalog, cache, clock, replay)) {}
View::~View() = default;

Node View::root() const {
    return state_->root;
}

std::optional<Node> View::lookup(const Node& directory, std::string_view name) const {
    return state_->find(directory, name);
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
    return state_->stored_attributes(node);
}

void View::list(const Node& directory, std::uint64_t after,
                const std::function<bool(const Listing&)>& visit) const {
    if (directory.kind == NodeKind::stored)
        state_->list_stored(directory, after, visit);
    else if (directory.kind == NodeKind::versions)
        state_->list_versions(directory, after, visit);
    else if (directory.kind == NodeKind::log)
        state_->list_segments(directory, after, visit);
    else
        state_->list_generated(directory, after, visit);
}

std::string View::link_target(const Node& node) const {
    if (is_generated_link(node)) return state_->generated_target(node);
    if (node.kind != NodeKind::stored) throw Error(Errc::invalid, "not a symbolic link");
    const tree::EntryView entry = state_->entry(node);
    if (entry.kind() != tree::FileKind::symlink) throw Error(Errc::invalid, "not a symbolic link");
    return std::string(entry.target());
}

std::string View::name_of(const Node& stored) const {
    const Shown& shown = state_->snapshots.get(stored.snapshot);
    if (shown.leaf != stored.leaf || shown.place != stored.place)
        return std::string(state_->entry(stored).name());
    const auto source = state_->catalog.source(shown.source);
    return fmt::format(
        "{}/{}", source ? source->name : "?",
        shown.name ? "snapshots/" + shown.name->text() : "at/" + to_name(shown.ended));
}

std::variant<tree::ContentReader, std::string> View::open(const Node& node) const {
    if (is_generated_file(node)) return state_->generated_text(node);
    if (node.kind == NodeKind::segment)
        return tree::ContentReader(state_->cache, content_of(state_->segment_of(node)));
    if (node.kind != NodeKind::stored) throw Error(Errc::invalid, "not a regular file");
    const tree::EntryView entry = state_->entry(node);
    if (entry.kind() != tree::FileKind::regular) throw Error(Errc::invalid, "not a regular file");
    return tree::ContentReader(state_->cache, entry.content());
}

std::vector<std::string> View::xattr_names(const Node& node) const {
    std::vector<std::string> names;
    if (node.kind != NodeKind::stored) return names;
    for (tree::Xattr& xattr : state_->entry(node).xattrs())
        if (xattr.name != tree::uncertain_mark) names.push_back(std::move(xattr.name));
    return names;
}

std::optional<Bytes> View::xattr(const Node& node, std::string_view name) const {
    if (node.kind != NodeKind::stored) return std::nullopt;
    if (auto stored = state_->stored_xattr(node, name)) return stored;
    if (!name.starts_with(generated_prefix)) return std::nullopt;
    const tree::EntryView entry = state_->entry(node);
    const Shown& shown = state_->snapshots.get(node.snapshot);
    const bool is_directory = entry.kind() == tree::FileKind::directory;
    if (is_directory && shown.name && name == "user.yore.snapshot")
        return text_value(shown.name->text());
    if (is_directory && name == "user.yore.time") return text_value(to_rfc3339(shown.ended));
    if (entry.kind() == tree::FileKind::regular && name == "user.yore.content-id")
        return text_value(content_id(entry.content()));
    return std::nullopt;
}

std::map<std::uint32_t, View::State::Seen> View::State::look() const {
    std::map<std::uint32_t, Seen> all;
    for (const catalog::Source& source : catalog.sources())
        all[source.id] = {source.name, catalog.snapshot_names(source.id)};
    return all;
}

std::vector<View::Appeared> View::refresh() {
    State& state = *state_;
    std::vector<Appeared> changed;
    const auto now = state.look();
    const auto before = state.seen.with([&](auto& seen) { return std::exchange(seen, now); });
    for (const auto& [id, seen] : before)
        if (!now.contains(id)) changed.push_back({state.root, seen.name});
    for (const auto& [id, seen] : now) {
        const auto old = before.find(id);
        if (old == before.end()) {
            changed.push_back({state.root, seen.name});
            continue;  // nobody has seen what is in it
        }
        std::vector<catalog::SnapshotName> names;
        std::ranges::set_symmetric_difference(old->second.names, seen.names,
                                              std::back_inserter(names));
        if (names.empty()) continue;
        const Node snapshots = state.place(NodeKind::snapshots, id);
        for (const auto& name : names) changed.push_back({snapshots, name.text()});
        changed.push_back({snapshots, "latest"});
        for (const char* name : {"latest", "earliest"})
            changed.push_back({state.place(NodeKind::at, id), name});
        for (const char* name : {"info.json", "windows.json"})
            changed.push_back({state.place(NodeKind::source, id), name});
    }
    return changed;
}

}  // namespace yore::view
