// SPDX-License-Identifier: Apache-2.0
#include "ingest/linked_files.h"

#include <yore/base/path.h>

#include <algorithm>
#include <utility>

namespace yore::ingest {

/// What is searched for in `root`, as catalog::Snapshot::root.
void LinkedFiles::search(const NodeId& root, const std::set<std::uint64_t>& inodes) {
    const auto top = tree::Directory(cache_, root).find("root");
    std::vector<std::pair<NodeId, std::string>> pending;
    if (top && top->child()) pending.emplace_back(*top->child(), "");
    while (!pending.empty()) {
        const auto [directory, path] = std::move(pending.back());
        pending.pop_back();
        tree::Directory(cache_, directory).scan("", [&](const tree::EntryView& entry) {
            if (const auto child = entry.child()) {
                pending.emplace_back(*child, join_path(path, entry.name()));
            } else if (const auto inode = entry.attributes().inode; inodes.contains(inode)) {
                inodes_[inode].directories.insert(path);
            }
            return true;
        });
    }
}

/// The names that changes themselves give.
void LinkedFiles::note(const std::vector<Change>& changes) {
    for (const Change& change : changes) {
        const auto known = inodes_.find(change.entry.attributes.inode);
        if (known == inodes_.end()) continue;
        for (const std::string& path : change.paths)
            known->second.directories.insert(std::string(directory_of(path)));
    }
}

Focus LinkedFiles::touched_by(const std::vector<Change>& changes, const NodeId& before) {
    std::set<std::uint64_t> touched, unknown;
    for (const Change& change : changes)
        for (const auto& [inode, count] : change.links) {
            touched.insert(inode);
            Names& names = inodes_[inode];
            if (names.count < count) unknown.insert(inode);
            names.count = std::max(names.count, count);
        }
    if (!unknown.empty()) search(before, unknown);
    note(changes);
    Focus focus;
    for (const std::uint64_t inode : touched)
        for (const std::string& directory : inodes_[inode].directories) focus.add(directory);
    return focus;
}

}  // namespace yore::ingest
