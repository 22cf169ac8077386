// SPDX-License-Identifier: Apache-2.0
#include "mount/attributes.h"

#include <algorithm>

namespace yore::mount {
namespace {

/// What cp and cat read at once.
constexpr blksize_t preferred_bytes = 128 * 1024;
/// Native file systems hand out 4 KiB at a time; so does what `du` sums here.
constexpr std::uint64_t page_bytes = 4096, block_bytes = 512;

timespec to_timespec(Timestamp time) {
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t rest = (time.ns % second + second) % second;
    return {.tv_sec = (time.ns - rest) / second, .tv_nsec = rest};
}

}  // namespace

mode_t type_of(tree::FileKind kind) {
    switch (kind) {
        case tree::FileKind::directory:
            return S_IFDIR;
        case tree::FileKind::symlink:
            return S_IFLNK;
        case tree::FileKind::block_device:
            return S_IFBLK;
        case tree::FileKind::character_device:
            return S_IFCHR;
        case tree::FileKind::fifo:
            return S_IFIFO;
        case tree::FileKind::socket:
            return S_IFSOCK;
        case tree::FileKind::regular:
            break;
    }
    return S_IFREG;
}

struct stat stat_of(const view::Node& node, const view::Attributes& attributes) {
    const tree::Attributes& from = attributes.stat;
    struct stat to {};
    to.st_ino = node.kind == view::NodeKind::root ? root_number : node.identity.inode_number();
    to.st_mode = type_of(from.kind) | from.permissions;
    to.st_nlink = std::max(1u, from.link_count);
    to.st_uid = from.uid;
    to.st_gid = from.gid;
    to.st_rdev = from.device;
    to.st_size = static_cast<off_t>(from.size);
    to.st_blksize = preferred_bytes;
    if (from.kind == tree::FileKind::regular) {
        const std::uint64_t pages =
            (from.size - attributes.hole_bytes + page_bytes - 1) / page_bytes;
        to.st_blocks = static_cast<blkcnt_t>(pages * (page_bytes / block_bytes));
    }
    to.st_mtim = to.st_atim = to_timespec(from.modified);
    to.st_ctim = to_timespec(from.changed);
    return to;
}

fuse_entry_param entry_of(NodeNumber number, const view::Node& node,
                          const view::Attributes& attributes) {
    fuse_entry_param entry{};
    entry.ino = number;
    entry.attr = stat_of(node, attributes);
    entry.attr_timeout = lifetime_of(attributes);
    entry.entry_timeout = node.moving ? briefly : lifetime_of(attributes);
    return entry;
}

}  // namespace yore::mount
