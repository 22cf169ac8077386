// SPDX-License-Identifier: Apache-2.0
/// Binary search over places.
#pragma once

#include <cstdint>

namespace yore::tree {

/// The first place in [0, count) for which `is_before` is false; it is true for all before that.
template <typename IsBefore>
std::uint32_t partition_place(std::uint32_t count, IsBefore&& is_before) {
    std::uint32_t low = 0, high = count;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (is_before(middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

}  // namespace yore::tree
