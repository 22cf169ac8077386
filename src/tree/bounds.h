// SPDX-License-Identifier: Apache-2.0
/// Where nodes end: sizes, and the probability that a hash makes a place an end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tree/node.h"

namespace yore::tree {

/// A node ends behind its first item after `min` whose hash says so, and after `max` in any case:
/// what is inserted or removed moves the ends near it alone.
struct NodeSizes {
    std::uint32_t min, average, max;

    bool ends(std::uint32_t count, std::uint64_t hash) const {
        return count >= max || (count >= min && hash < UINT64_MAX / (average - min));
    }
};
inline constexpr NodeSizes leaf_sizes{128, 512, leaf_entries_max};
inline constexpr NodeSizes list_sizes{128, 512, list_extents_max};
inline constexpr NodeSizes inner_sizes{32, 128, inner_children_max};
/// Long names, targets and xattrs: a leaf ends also when it is this large.
inline constexpr std::size_t leaf_weight_max = 1u << 20;

}  // namespace yore::tree
