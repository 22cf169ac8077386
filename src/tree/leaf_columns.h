// SPDX-License-Identifier: Apache-2.0
/// The columns of a directory leaf, in the order of tree.fbs, in which their deltas lie in
/// `values`.
#pragma once

#include <array>
#include <vector>

#include "tree/column.h"

namespace yore::tree {

struct LeafColumns {
    Column name_ends, attribute_set, size, inode;
    Column modified_seconds, modified_nanoseconds, changed_seconds, changed_nanoseconds;
    Column target_ends, extent_ends, link;
    Column extent_length, extent_offset, extent_chunk;
    Column hole_bytes;

    /// Widths that are unknown, or deltas that do not fill `values` exactly: false.
    [[nodiscard]] bool open(const fb::DirectoryLeaf& leaf) {
        const std::uint32_t entries = leaf.entry_count();
        const std::uint32_t extents = leaf.extent_count();
        ColumnSource source(leaf.values());
        return source.take(leaf.name_ends(), entries, name_ends) &&
               source.take(leaf.attribute_set(), entries, attribute_set) &&
               source.take(leaf.size(), entries, size) &&
               source.take(leaf.inode(), entries, inode) &&
               source.take(leaf.modified_seconds(), entries, modified_seconds) &&
               source.take(leaf.modified_nanoseconds(), entries, modified_nanoseconds) &&
               source.take(leaf.changed_seconds(), entries, changed_seconds) &&
               source.take(leaf.changed_nanoseconds(), entries, changed_nanoseconds) &&
               source.take(leaf.target_ends(), entries, target_ends) &&
               source.take(leaf.extent_ends(), entries, extent_ends) &&
               source.take(leaf.link(), entries, link) &&
               source.take(leaf.extent_length(), extents, extent_length) &&
               source.take(leaf.extent_offset(), extents, extent_offset) &&
               source.take(leaf.extent_chunk(), extents, extent_chunk) &&
               source.take(leaf.hole_bytes(), entries, hole_bytes) && source.empty();
    }
};

/// The same columns while they are collected.
struct LeafRows {
    using Rows = std::vector<std::uint64_t>;
    Rows name_ends, attribute_set, size, inode;
    Rows modified_seconds, modified_nanoseconds, changed_seconds, changed_nanoseconds;
    Rows target_ends, extent_ends, link;
    Rows extent_length, extent_offset, extent_chunk;
    Rows hole_bytes;

    static constexpr std::size_t column_count = 15;
    std::array<Rows*, column_count> in_order() {
        return {&name_ends,
                &attribute_set,
                &size,
                &inode,
                &modified_seconds,
                &modified_nanoseconds,
                &changed_seconds,
                &changed_nanoseconds,
                &target_ends,
                &extent_ends,
                &link,
                &extent_length,
                &extent_offset,
                &extent_chunk,
                &hole_bytes};
    }
};

}  // namespace yore::tree
