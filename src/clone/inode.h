// SPDX-License-Identifier: Apache-2.0
/// An inode that the kernel knows: as the tree below says, or as its row does.
#pragma once

#include <yore/tree/content.h>
#include <yore/tree/directory.h>

#include <atomic>
#include <memory>
#include <optional>
#include <shared_mutex>

#include "clone/block_set.h"
#include "clone/rows.h"

namespace yore::clone {

/// Which blocks of a file with bytes below it are its own.
struct OwnBlocks {
    BlockSet written;  ///< data in its file
    BlockSet zeros;    ///< zeros where they are not written
};

/// A directory of the tree below, with those that it is in there: who looks for what has changed
/// goes down where it is marked.
struct Above {
    InodeNumber number = 0;
    std::shared_ptr<const Above> up;  ///< null: the top, or one that is found by a row
    mutable std::atomic<bool> is_marked{false};
};

struct Inode {
    Inode(InodeNumber its_number, const Lower& origin_of) : number(its_number), lower(origin_of) {}
    Inode(InodeNumber its_number, InodeRow its_row)
        : number(its_number), row(std::make_unique<InodeRow>(std::move(its_row))) {}

    const InodeNumber number;
    std::shared_ptr<const Above> above;  ///< of one of the tree below; set before it is shared
    std::shared_ptr<const Above> self;   ///< of directories: what they are to those in them
    mutable std::shared_mutex mutex;     ///< guards all that follows
    std::optional<Lower> lower;          ///< without a row: what it is
    std::unique_ptr<InodeRow> row;       ///< null: as `lower` says
    // Regular files; made when they are first needed.
    std::unique_ptr<OwnBlocks> own;  ///< with a file of bytes and bytes below
    std::optional<tree::ContentReader> below;
    std::uint64_t data_bytes = 0;  ///< that its file was counted with

    const std::optional<Lower>& origin() const { return row ? row->lower : lower; }
};
using InodePointer = std::shared_ptr<Inode>;

/// As `lower` says: what its row is, if it gets one.
InodeRow row_of(const tree::EntryView&, const Lower&);

}  // namespace yore::clone
