// SPDX-License-Identifier: Apache-2.0
/// Attributes of the view as stat(2) and FUSE show them.
#pragma once

#include <yore/view/view.h>

#include <sys/stat.h>

#include "mount/fuse.h"
#include "mount/inode_table.h"

namespace yore::mount {

/// Inside a snapshot nothing ever changes; a year is for ever, and fits every kernel.
inline constexpr double for_ever = 365.0 * 24 * 3600;
/// For what may change: long enough that walking a path asks once, short enough to wait for.
inline constexpr double briefly = 1.0;

mode_t type_of(tree::FileKind);
struct stat stat_of(const view::Node&, const view::Attributes&);
/// How long the kernel may keep these attributes.
inline double lifetime_of(const view::Attributes& attributes) {
    return attributes.immutable ? for_ever : briefly;
}
fuse_entry_param entry_of(NodeNumber, const view::Node&, const view::Attributes&);

}  // namespace yore::mount
