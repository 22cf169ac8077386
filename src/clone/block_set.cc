// SPDX-License-Identifier: Apache-2.0
#include "clone/block_set.h"

#include <algorithm>
#include <iterator>

namespace yore::clone {
namespace {

/// Bits [from, to) of a word; `to` is at most 64 and above `from`.
std::uint64_t mask_of(std::uint64_t from, std::uint64_t to) {
    const std::uint64_t below_to = to == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << to) - 1;
    return below_to & ~((std::uint64_t{1} << from) - 1);
}

}  // namespace

void BlockSet::set(Group& group, std::uint64_t begin, std::uint64_t end, bool value) {
    while (begin < end) {
        const std::uint64_t from = begin % word_bits;
        const std::uint64_t to = std::min(word_bits, from + (end - begin));
        std::uint64_t& word = group[begin / word_bits];
        word = value ? word | mask_of(from, to) : word & ~mask_of(from, to);
        begin += to - from;
    }
}

void BlockSet::add(std::uint64_t begin, std::uint64_t end) {
    while (begin < end) {
        const std::uint64_t number = begin / group_blocks, first = number * group_blocks;
        const std::uint64_t stop = std::min(end, first + group_blocks);
        auto& group = groups_[number];
        if (!group) group = std::make_unique<Group>();
        set(*group, begin - first, stop - first, true);
        begin = stop;
    }
}

void BlockSet::remove(std::uint64_t begin, std::uint64_t end) {
    for (auto place = groups_.lower_bound(begin / group_blocks); place != groups_.end();) {
        const std::uint64_t first = place->first * group_blocks;
        if (first >= end) return;
        Group& group = *place->second;
        set(group, std::max(begin, first) - first, std::min(end - first, group_blocks), false);
        const bool is_empty =
            std::all_of(group.begin(), group.end(), [](auto word) { return word == 0; });
        place = is_empty ? groups_.erase(place) : std::next(place);
    }
}

bool BlockSet::contains(std::uint64_t block) const {
    const auto place = groups_.find(block / group_blocks);
    if (place == groups_.end()) return false;
    const std::uint64_t at = block % group_blocks;
    return ((*place->second)[at / word_bits] >> (at % word_bits) & 1) != 0;
}

std::uint64_t BlockSet::next_in(std::uint64_t from, std::uint64_t end) const {
    for (auto place = groups_.lower_bound(from / group_blocks); place != groups_.end(); ++place) {
        const std::uint64_t first = place->first * group_blocks;
        if (first >= end) break;
        std::uint64_t at = from > first ? from - first : 0;
        for (; at < group_blocks; at = (at / word_bits + 1) * word_bits) {
            const std::uint64_t word =
                (*place->second)[at / word_bits] & mask_of(at % word_bits, word_bits);
            if (word == 0) continue;
            const std::uint64_t found =
                first + at / word_bits * word_bits + static_cast<unsigned>(std::countr_zero(word));
            return std::min(found, end);
        }
    }
    return end;
}

std::uint64_t BlockSet::next_out(std::uint64_t from, std::uint64_t end) const {
    while (from < end) {
        const auto place = groups_.find(from / group_blocks);
        if (place == groups_.end()) return from;
        const std::uint64_t first = place->first * group_blocks;
        for (std::uint64_t at = from - first; at < group_blocks;
             at = (at / word_bits + 1) * word_bits) {
            const std::uint64_t word =
                ~(*place->second)[at / word_bits] & mask_of(at % word_bits, word_bits);
            if (word == 0) continue;
            const std::uint64_t found =
                first + at / word_bits * word_bits + static_cast<unsigned>(std::countr_zero(word));
            return std::min(found, end);
        }
        from = first + group_blocks;
    }
    return end;
}

}  // namespace yore::clone
