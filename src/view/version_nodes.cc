// SPDX-License-Identifier: Apache-2.0
/// SOURCE/versions: the names that ever were as directories, and in that of a file its versions.
#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/view/versions.h>

#include <algorithm>
#include <map>

#include "view/state.h"

namespace yore::view {
namespace {

bool is_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos;
}

std::string path_of(const Node& versions) {
    return versions.versions_of ? *versions.versions_of : std::string();
}

}  // namespace

Node View::State::versions_place(std::uint32_t source, const std::string& path) const {
    Node node;
    node.kind = NodeKind::versions;
    node.moving = true;
    node.source = source;
    if (!path.empty()) node.versions_of = std::make_shared<const std::string>(path);
    node.identity = identities.generated(NodeKind::versions, source, path);
    return node;
}

std::optional<Node> View::State::find_version(const Node& directory, const std::string& path,
                                              std::string_view name) {
    std::optional<Node> node;
    scan_versions(catalog, cache, directory.source, path, replay, [&](const Version& version) {
        if (version.state.name() != name) return true;
        if (version.entry && !version.entry->child())
            node = stored_at(directory, version.state, path);
        return false;
    });
    return node;
}

std::optional<Node> View::State::stored_at(const Node& directory, const StoredState& state,
                                           const std::string& path) {
    const auto* snapshot = std::get_if<catalog::SnapshotName>(&state.tree);
    const auto number = snapshot != nullptr
                            ? snapshots.number_of(directory.source, *snapshot)
                            : std::optional(snapshots.number_of_tree(
                                  directory.source, std::get<NodeId>(state.tree), state.time));
    if (!number) return std::nullopt;
    std::optional<Node> node = top(directory, state.name(), *number);
    for (std::size_t begin = 0; node && begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        node = find_stored(*node, std::string_view(path).substr(begin, end - begin));
        begin = end + 1;
    }
    return node;
}

std::optional<Node> View::State::find_in_versions(const Node& directory, std::string_view name) {
    if (!is_name(name)) return std::nullopt;
    const std::string path = path_of(directory);
    if (auto version = path.empty() ? std::nullopt : find_version(directory, path, name))
        return version;
    const std::string below = join_path(path, name);
    bool was_there = false;
    scan_versions(catalog, cache, directory.source, below, replay, [&](const Version&) {
        was_there = true;
        return false;
    });
    return was_there ? std::optional(versions_place(directory.source, below)) : std::nullopt;
}

void View::State::list_versions(const Node& directory, std::uint64_t after,
                                const std::function<bool(const Listing&)>& visit) const {
    const std::string path = path_of(directory);
    struct Name {
        std::string text;
        tree::FileKind kind;
    };
    // By a hash of the name, so that cookies stay when names come.
    std::map<std::uint64_t, Name> names;
    const auto add = [&](std::string_view name, tree::FileKind kind) {
        const auto cookie = (identities.below(directory.identity, name).words[1] >> 3) | 1;
        names.try_emplace(cookie, std::string(name), kind);
    };
    PathFollower follower(catalog, cache, directory.source, path);
    std::optional<NodeId> listed;
    for (const StoredState& state : states_of(catalog, directory.source)) {
        const auto* entry = follower.go_to(state);
        if (entry == nullptr || !*entry || !(*entry)->child() || (*entry)->child() == listed)
            continue;
        listed = (*entry)->child();
        tree::Directory(cache, *listed).scan("", [&](const tree::EntryView& found) {
            add(found.name(), tree::FileKind::directory);
            return true;
        });
    }
    scan_versions(catalog, cache, directory.source, path, replay, [&](const Version& version) {
        if (version.entry && !version.entry->child())
            add(version.state.name(), version.entry->kind());
        return true;
    });
    for (auto name = names.upper_bound(after); name != names.end(); ++name) {
        Listing listing;
        listing.name = name->second.text;
        listing.kind = name->second.kind;
        listing.cookie = name->first;
        if (!visit(listing)) return;
    }
}

}  // namespace yore::view
