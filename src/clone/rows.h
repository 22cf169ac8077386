// SPDX-License-Identifier: Apache-2.0
/// The rows of a clone's table: what its inodes and names have become.
///
/// Inodes that did not change have no row; they are those of the tree below. Each number in a row
/// of a name belongs to an inode with a row.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/store/local_table.h>
#include <yore/tree/entry.h>
#include <yore/view/view.h>
#include <yore/view/writable_view.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::clone {

using view::InodeNumber;

/// A file of the tree below.
struct Lower {
    NodeId leaf;
    std::uint32_t place = 0;  ///< of its entry in `leaf`
    view::Identity identity;  ///< of directories: those of what is in it follow from it
    bool operator==(const Lower&) const = default;
};

struct InodeRow {
    mode_t mode = 0;  ///< with the type
    uid_t uid = 0;
    gid_t gid = 0;
    std::uint32_t link_count = 0;  ///< 0: without a name, but somebody may have it open
    std::uint64_t device = 0;
    Timestamp accessed, modified, changed;
    std::vector<tree::Xattr> xattrs;  ///< sorted by name
    std::string target;               ///< symbolic links

    std::optional<Lower> lower;  ///< what it was made of: regular files, directories
    // Regular files.
    /// There is a file with its bytes: that one's size and time of modification are meant.
    bool has_data = false;
    bool kept = false;             ///< that file has been made durable; else it may be missing
    std::uint32_t generation = 0;  ///< of that file, or of the one to be made
    std::uint64_t size = 0;        ///< without such a file, and while `is_cut`
    /// Up to where bytes of the tree below show through: the smallest size that it ever had.
    std::uint64_t lower_end = 0;
    bool is_cut = false;  ///< the file is to be truncated to `size`, if that is not done yet
    // Directories.
    bool has_rows = false;  ///< names in it may have rows
};

/// What a directory's row says of one name.
struct NameRow {
    InodeNumber number = 0;  ///< 0: the name of the tree below is gone
    mode_t type = 0;
};

Bytes inode_prefix();
InodeNumber decode_inode_key(ByteView key);
Bytes inode_key(InodeNumber);
store::RowChange put_inode(InodeNumber, const InodeRow&);
/// Damage: `corrupt`.
InodeRow decode_inode(InodeNumber, ByteView value);

Bytes name_prefix(InodeNumber directory);
Bytes name_key(InodeNumber directory, std::string_view name);
store::RowChange put_name(InodeNumber directory, std::string_view name, const NameRow&);
NameRow decode_name(ByteView value);
/// From its key.
std::string_view name_in(ByteView key);

/// Blocks of a file that were made zeros where the tree below has bytes: [begin, end), in blocks.
struct ZeroRow {
    std::uint64_t begin = 0, end = 0;
};
Bytes zero_prefix(InodeNumber);
store::RowChange put_zeros(InodeNumber, const ZeroRow&);
ZeroRow decode_zeros(ByteView key, ByteView value);

/// Inodes without a name that were in use when the clone was last open.
Bytes orphan_prefix();
Bytes orphan_key(InodeNumber);
InodeNumber decode_orphan(ByteView key);

/// A directory of the tree below in which, at some depth, an inode got a row.
Bytes mark_prefix();
store::RowChange put_mark(InodeNumber directory);
InodeNumber decode_mark(ByteView key);

/// What the table as a whole is.
struct TableHead {
    NodeId root;                  ///< of the tree below
    std::uint64_t salt = 0;       ///< random: tells its inodes from those of other clones
    InodeNumber next_number = 0;  ///< numbers from it on were never given
};
Bytes head_key();
store::RowChange put_head(const TableHead&);
/// Of another version: `unsupported`.
TableHead decode_head(ByteView value);

}  // namespace yore::clone
