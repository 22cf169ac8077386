// SPDX-License-Identifier: Apache-2.0
// Rules for nodes of long extent lists.
#include <utility>

#include "tree/content_list.h"
#include "tree/node.h"

namespace yore::tree {

const char* problem_in(const fb::ContentLeaf& leaf) {
    if (leaf.extent_count() == 0 || leaf.extent_count() > list_extents_max) {
        return "too few or too many extents";
    }
    ListColumns columns;
    if (!columns.open(leaf)) return "the columns do not fit their values";
    const std::uint32_t chunk_count = size_of(leaf.chunks());
    std::uint64_t start = 0, seen = 0;
    for (std::uint32_t row = 0; row < leaf.extent_count(); ++row) {
        const std::uint64_t end = columns.ends.at(row);
        if (end <= start || end > file_bytes_max) return "extents are not in order";
        const std::uint64_t length = end - std::exchange(start, end);
        const std::uint64_t offset = columns.offset.at(row);
        const std::uint64_t chunk = columns.chunk.at(row);
        if (chunk == 0) {
            if (offset != 0) return "a hole with an offset";
            continue;
        }
        if (chunk - 1 > seen || chunk > chunk_count) {
            return "a chunk is out of bounds or out of order";
        }
        if (chunk - 1 == seen) ++seen;
        if (offset >= store::chunk_bytes_max || length > store::chunk_bytes_max - offset) {
            return "an extent is larger than a chunk";
        }
    }
    return seen == chunk_count ? nullptr : "an unused chunk";
}

const char* problem_in(const fb::ContentInner& inner) {
    const std::uint32_t count = size_of(inner.children());
    if (count == 0 || count > inner_children_max) return "too few or too many children";
    if (!is_aligned(inner.children())) return "not aligned";
    if (inner.level() == 0 || inner.level() > level_max) return "the level is out of range";
    std::uint64_t start = 0;
    for (const fb::ContentChild* child : *inner.children()) {
        if (child->end() <= start || child->end() > file_bytes_max) {
            return "children are not in order";
        }
        if (child->hole_bytes() > child->end() - start) return "more holes than bytes";
        start = child->end();
    }
    return nullptr;
}

}  // namespace yore::tree
