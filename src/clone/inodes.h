// SPDX-License-Identifier: Apache-2.0
/// The inodes that the kernel knows, by number.
#pragma once

#include <yore/base/guarded.h>

#include <array>
#include <cstdint>
#include <unordered_map>

#include "clone/inode.h"

namespace yore::clone {

/// Any thread.
class Inodes {
  public:
    /// Known already: that one, which is the same for all. One lookup more.
    InodePointer look_up(InodePointer);
    /// Not known: null.
    InodePointer find(InodeNumber) const;
    /// `count` lookups fewer. Not known any more: what it was; else null.
    InodePointer forget(InodeNumber, std::uint64_t count);

  private:
    struct Known {
        InodePointer inode;
        std::uint64_t lookups = 0;
    };
    using Shard = std::unordered_map<InodeNumber, Known>;
    static constexpr std::size_t shard_count = 16;
    const Guarded<Shard>& shard_of(InodeNumber number) const {
        return shards_[(number ^ number >> 32) % shard_count];
    }
    Guarded<Shard>& shard_of(InodeNumber number) {
        return shards_[(number ^ number >> 32) % shard_count];
    }
    std::array<Guarded<Shard>, shard_count> shards_;
};

}  // namespace yore::clone
