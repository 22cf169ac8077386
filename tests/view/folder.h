// SPDX-License-Identifier: Apache-2.0
/// Trees as a test writes them down.
#pragma once

#include <yore/tree/directory.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace yore::test {

struct Folder {
    std::map<std::string, tree::Entry> files;  ///< all that are not directories
    std::map<std::string, Folder> folders;
    std::vector<tree::Xattr> xattrs;
};

inline tree::Entry link(std::string_view target) {
    tree::Entry entry;
    entry.attributes.kind = tree::FileKind::symlink;
    entry.attributes.permissions = 0777;
    entry.target = target;
    entry.attributes.size = target.size();
    return entry;
}
inline tree::Entry with_links(tree::Entry entry, std::uint32_t count) {
    entry.attributes.link_count = count;
    return entry;
}
inline tree::Entry with_xattr(tree::Entry entry, const std::string& name, std::string_view value) {
    entry.xattrs.push_back(
        {name, to_bytes(as_bytes(value)), std::nullopt, static_cast<std::uint32_t>(value.size())});
    return entry;
}

inline tree::Entry build_folder(store::NodeSink& writer, const tree::NodeBounds& bounds,
                                const std::string& name, const Folder& folder) {
    std::map<std::string, tree::Entry> entries = folder.files;
    for (const auto& [below, contents] : folder.folders)
        entries[below] = build_folder(writer, bounds, below, contents);
    tree::DirectoryBuilder builder(writer, bounds);
    for (auto& [entry_name, entry] : entries) {
        entry.name = entry_name;
        builder.add(entry);
    }
    const auto built = builder.finish();
    tree::Entry entry;
    entry.name = name;
    entry.attributes.kind = tree::FileKind::directory;
    entry.attributes.permissions = 0750;
    entry.attributes.link_count = static_cast<std::uint32_t>(2 + folder.folders.size());
    entry.attributes.modified = Timestamp::from_seconds(500);
    entry.xattrs = folder.xattrs;
    entry.child = built.top;
    entry.totals = built.totals;
    return entry;
}

}  // namespace yore::test
