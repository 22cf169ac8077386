// SPDX-License-Identifier: Apache-2.0
#include "clone/inodes.h"

#include <algorithm>

namespace yore::clone {

InodePointer Inodes::look_up(InodePointer inode) {
    return shard_of(inode->number).with([&](Shard& shard) {
        Known& known = shard[inode->number];
        if (!known.inode) known.inode = std::move(inode);
        ++known.lookups;
        return known.inode;
    });
}

InodePointer Inodes::find(InodeNumber number) const {
    return shard_of(number).with([&](const Shard& shard) -> InodePointer {
        const auto place = shard.find(number);
        return place == shard.end() ? nullptr : place->second.inode;
    });
}

InodePointer Inodes::forget(InodeNumber number, std::uint64_t count) {
    return shard_of(number).with([&](Shard& shard) -> InodePointer {
        const auto place = shard.find(number);
        if (place == shard.end()) return nullptr;
        Known& known = place->second;
        known.lookups -= std::min(count, known.lookups);
        if (known.lookups > 0) return nullptr;
        InodePointer inode = std::move(known.inode);
        shard.erase(place);
        return inode;
    });
}

}  // namespace yore::clone
