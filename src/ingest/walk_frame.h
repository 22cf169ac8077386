// SPDX-License-Identifier: Apache-2.0
/// What the walk keeps of each directory on its stack.
#pragma once

#include "ingest/walk.h"

namespace yore::ingest {

struct Walk::Frame {
    Fd fd;  ///< closed while the walk is far below, and for what is not entered
    std::uint64_t device = 0, inode = 0;
    std::string name;
    std::size_t path_bytes = 0;  ///< of the walk's path: this directory
    Listing listing;
    std::size_t next = 0;

    std::optional<tree::EntryView> before_entry;  ///< what the predecessor has under this name
    std::optional<NodeId> before_node;            ///< if that is a directory
    std::optional<tree::DirectoryCursor> cursor;  ///< over its entries; none: no more are known
    tree::Entry entry;                            ///< its own; unset when `own_unchanged`
    bool own_unchanged = false;
    bool whole = true;     ///< all below it is looked at
    bool in_focus = true;  ///< all its entries are; directories among them may be passed by

    bool sent = false;        ///< EnterDirectory was
    std::uint64_t taken = 0;  ///< unchanged entries that no step tells of yet

    void send_taken(Outbox& outbox) {
        if (taken > 0) outbox.send(TakeOver{std::exchange(taken, 0)});
    }
    /// For the next directory at this depth; memory is kept.
    void reset() {
        fd.close();
        name.clear();
        listing.clear();
        listing.shrink();
        next = 0;
        before_entry.reset();
        before_node.reset();
        cursor.reset();
        entry = {};
        own_unchanged = sent = false;
        whole = in_focus = true;
        taken = 0;
    }
};

/// What lies under one name.
struct Walk::Found {
    std::string_view name;  ///< followed by a NUL
    FileStatus status;
    const tree::EntryView* before = nullptr;  ///< the predecessor's entry of this name
    Freshness freshness = Freshness::exact;   ///< cached: a mount of ours

    /// The predecessor has the same directory here.
    bool is_same_directory() const {
        return before != nullptr && before->kind() == tree::FileKind::directory &&
               status.attributes.kind == tree::FileKind::directory &&
               before->attributes().inode == status.attributes.inode;
    }
    bool is_as_before() const { return before->attributes() == status.attributes; }
};

}  // namespace yore::ingest
