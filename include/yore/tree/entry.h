// SPDX-License-Identifier: Apache-2.0
/// One name in a directory and all that is kept of it, in the owned form that builders take.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/format/ids.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace yore::tree {

enum class FileKind : std::uint8_t {
    regular = 1,
    directory,
    symlink,
    block_device,
    character_device,
    fifo,
    socket
};

/// A run of a file's bytes: a part of a chunk, or a hole.
struct Extent {
    std::uint64_t length = 0;
    std::optional<ChunkId> chunk;  ///< nullopt: a hole
    std::uint32_t offset = 0;      ///< of the run in the chunk's plain bytes
    bool operator==(const Extent&) const = default;
};

/// A file's bytes: few extents inline, many in a tree of list nodes.
struct Content {
    std::uint64_t size = 0;
    std::vector<Extent> extents;  ///< when `list` is absent; their lengths sum to `size`
    std::optional<NodeId> list;
    std::uint64_t hole_bytes = 0;  ///< how many of them lie in holes
};

struct Xattr {
    std::string name;  ///< `user.x`, `system.posix_acl_access`, `security.capability`, …
    Bytes value;       ///< when `chunk` is absent
    std::optional<ChunkId> chunk;  ///< values over 4 KiB
    std::uint32_t size = 0;        ///< of a value that is a chunk
    bool operator==(const Xattr&) const = default;
};

/// As stat(2) gives them. No access time: it would change directories by reading them.
struct Attributes {
    FileKind kind = FileKind::regular;
    std::uint32_t permissions = 0;  ///< lower 12 bits of st_mode
    std::uint32_t uid = 0, gid = 0;
    std::uint32_t link_count = 1;
    /// Regular: of the content; symlink: of the target; else 0. Builders take it from these.
    std::uint64_t size = 0;
    std::uint64_t device = 0;       ///< block and character devices: st_rdev
    std::uint64_t inode = 0;        ///< st_ino at the source
    std::uint16_t file_system = 0;  ///< 0: that of the root; others numbered as they are met
    Timestamp modified, changed;
    bool operator==(const Attributes&) const = default;
};

/// Sums over a directory and everything below it (the directory itself counted in its parent).
struct Totals {
    std::uint64_t bytes = 0;  ///< sizes of regular files; hard links counted at each name
    std::uint64_t files = 0, directories = 0, others = 0;
    /// Sums that do not fit stay at the largest value: three sparse files can hold 24 EiB.
    Totals& operator+=(const Totals&);
    /// One entry; `below`: for a directory, what is in it.
    void add_entry(FileKind, std::uint64_t size, const Totals& below);
    bool operator==(const Totals&) const = default;
};

struct Entry {
    std::string name;  ///< 1 to 255 bytes, no `/`, no NUL, not `.` or `..`
    Attributes attributes;
    std::vector<Xattr> xattrs;    ///< sorted by name
    std::string target;           ///< symlinks
    Content content;              ///< regular files
    std::optional<NodeId> child;  ///< directories: the node (or the top of the B-tree) below it
    Totals totals;                ///< directories: what is below it
};

}  // namespace yore::tree
