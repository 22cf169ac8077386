// SPDX-License-Identifier: Apache-2.0
/// Entries for tests: random ones of every kind, and plain small files.
#pragma once

#include <yore/tree/entry.h>

#include <map>
#include <string>

#include "../store/store_fixture.h"

namespace yore::test {

using Entries = std::map<std::string, tree::Entry>;

template <typename Id>
Id random_id(SeededRandom& random) {
    Id id;
    random.fill(id.bytes);
    return id;
}

inline std::string random_name(SeededRandom& random) {
    std::string name;
    const std::uint64_t length =
        random.below(20) == 0 ? 1 + random.below(255) : 1 + random.below(12);
    while (name.size() < length) {
        const auto letter = static_cast<char>(random.below(256));
        if (letter != '/' && letter != '\0') name += letter;
    }
    return name == "." || name == ".." ? "x" : name;
}

inline tree::Content random_content(SeededRandom& random) {
    tree::Content content;
    if (random.below(10) == 0) {
        content.size = random.next() >> 1;
        content.list = random_id<NodeId>(random);
        content.hole_bytes = random.below(2) == 0 ? 0 : random.below(content.size + 1);
        return content;
    }
    const std::uint64_t count = random.below(4) == 0 ? random.below(17) : random.below(2);
    for (std::uint64_t i = 0; i < count; ++i) {
        tree::Extent extent;
        if (random.below(5) == 0) {
            extent.length = 1 + random.below(1ull << 40);
        } else {
            extent.length = 1 + random.below(1u << 20);
            extent.offset = static_cast<std::uint32_t>(random.below(1u << 20));
            extent.chunk = random_id<ChunkId>(random);
            if (random.below(2) == 0) extent.chunk = ChunkId{};
        }
        content.size += extent.length;
        if (!extent.chunk) content.hole_bytes += extent.length;
        content.extents.push_back(extent);
    }
    return content;
}

inline std::vector<tree::Xattr> random_xattrs(SeededRandom& random) {
    std::map<std::string, tree::Xattr> xattrs;
    for (std::uint64_t i = 1 + random.below(3); i > 0; --i) {
        tree::Xattr xattr;
        xattr.name = "user." + std::to_string(random.below(20));
        if (random.below(4) == 0) {
            xattr.chunk = random_id<ChunkId>(random);
            xattr.size = static_cast<std::uint32_t>(4097 + random.below(60'000));
        } else {
            xattr.value = random_bytes(random, random.below(30));
            xattr.size = static_cast<std::uint32_t>(xattr.value.size());
        }
        xattrs.emplace(xattr.name, xattr);
    }
    std::vector<tree::Xattr> sorted;
    for (auto& [name, xattr] : xattrs) sorted.push_back(std::move(xattr));
    return sorted;
}

/// Any legal entry, odd ones among them.
inline tree::Entry random_entry(SeededRandom& random, const std::string& name) {
    tree::Entry entry;
    entry.name = name;
    tree::Attributes& attributes = entry.attributes;
    attributes.kind = random.below(2) == 0 ? tree::FileKind::regular
                                           : static_cast<tree::FileKind>(1 + random.below(7));
    attributes.permissions = static_cast<std::uint32_t>(random.below(010000));
    attributes.uid = static_cast<std::uint32_t>(random.below(3) == 0 ? random.next() : 1000);
    attributes.gid = static_cast<std::uint32_t>(random.below(3));
    attributes.link_count = static_cast<std::uint32_t>(1 + random.below(3));
    attributes.inode = random.below(2) == 0 ? random.next() : random.below(1000);
    attributes.file_system = static_cast<std::uint16_t>(random.below(3));
    attributes.modified = {static_cast<std::int64_t>(random.next())};
    attributes.changed = Timestamp::from_seconds(1'800'000'000, 5);
    if (random.below(4) == 0) entry.xattrs = random_xattrs(random);
    switch (attributes.kind) {
        case tree::FileKind::regular:
            entry.content = random_content(random);
            attributes.size = entry.content.size;
            break;
        case tree::FileKind::directory:
            entry.child = random_id<NodeId>(random);
            entry.totals = {random.below(1000), random.below(1000), random.below(1000),
                            random.below(1000)};
            break;
        case tree::FileKind::symlink:
            entry.target = random_name(random) + "/x";
            attributes.size = entry.target.size();
            break;
        case tree::FileKind::block_device:
        case tree::FileKind::character_device:
            attributes.device = random.next();
            break;
        default:
            break;
    }
    return entry;
}

inline Entries random_entries(SeededRandom& random, std::size_t count) {
    Entries entries;
    while (entries.size() < count) {
        const std::string name = random_name(random);
        entries.emplace(name, random_entry(random, name));
    }
    return entries;
}

/// A regular file of 100 bytes in a shared chunk, as a walk of a directory of small files gives it.
inline tree::Entry small_file(std::uint32_t number) {
    tree::Entry entry;
    entry.name = fmt::format("file-{:07}", number);
    entry.attributes.permissions = 0644;
    entry.attributes.uid = entry.attributes.gid = 1000;
    entry.attributes.size = entry.content.size = 100;
    entry.attributes.inode = 5'000'000 + number;
    entry.attributes.modified = entry.attributes.changed =
        Timestamp::from_seconds(1'795'000'000 + number / 20'000, number / 60 % 250 * 4'000'000);
    ChunkId chunk;
    SeededRandom(number / 1000).fill(chunk.bytes);
    entry.content.extents.push_back({100, chunk, number % 1000 * 100});
    return entry;
}

}  // namespace yore::test
