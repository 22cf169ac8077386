// SPDX-License-Identifier: Apache-2.0
/// A set of block numbers, many of them neighbours: a bit each, in groups that are there when they
/// are not empty. 4 KiB of memory for 128 MiB of a file in blocks of 4 KiB.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <memory>

namespace yore::clone {

/// Ranges are [begin, end).
class BlockSet {
  public:
    void add(std::uint64_t begin, std::uint64_t end);
    void remove(std::uint64_t begin, std::uint64_t end);
    bool contains(std::uint64_t block) const;
    /// The first block from `from` on that is in the set (or not in it), below `end`; else `end`.
    std::uint64_t next_in(std::uint64_t from, std::uint64_t end) const;
    std::uint64_t next_out(std::uint64_t from, std::uint64_t end) const;
    bool empty() const { return groups_.empty(); }

  private:
    static constexpr std::uint64_t group_blocks = 1u << 15, word_bits = 64;
    using Group = std::array<std::uint64_t, group_blocks / word_bits>;
    /// Bits of a group.
    static void set(Group&, std::uint64_t begin, std::uint64_t end, bool value);

    std::map<std::uint64_t, std::unique_ptr<Group>> groups_;
};

}  // namespace yore::clone
