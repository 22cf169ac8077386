// SPDX-License-Identifier: Apache-2.0
/// Sets owner, mode, xattrs, ACLs and times of one restored inode, in the order that keeps them
/// all: chown clears set-id bits and capabilities, an ACL changes the mode, anything changes the
/// times.
#pragma once

#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>

#include <string>
#include <vector>

#include <sys/stat.h>

namespace yore::restore {

enum class Owners { set, leave };

/// An inode by descriptor, so that nobody can put a link in its place meanwhile.
struct Inode {
    int fd;
    bool path_only = false;  ///< opened with O_PATH: links, devices, FIFOs, sockets
};

/// Returns what could not be set, a sentence each (`xattr user.x: Operation not supported`).
std::vector<std::string> set_metadata(const Inode&, const tree::EntryView&,
                                      const store::ObjectCache&, Owners);

/// Whether these are this entry's kind, owner, permissions, size and modification time.
bool looks_like(const struct stat&, const tree::EntryView&, Owners);

/// The S_IF… bits of a kind.
mode_t type_bits(tree::FileKind);

}  // namespace yore::restore
