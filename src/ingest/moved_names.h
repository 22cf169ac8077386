// SPDX-License-Identifier: Apache-2.0
/// What was renamed between two looks at some directories: told by inodes, so that a directory
/// that moved is taken over whole. A wrong guess (an inode that was given anew) costs time only:
/// the walk that follows sees other times and looks into it.
#pragma once

#include <yore/store/object_cache.h>

#include <set>
#include <string>
#include <vector>

namespace yore::ingest {

struct MovedName {
    std::string from, to;  ///< paths from the source's directory
};

/// Of names that went from, or came to, one of `directories` since the tree was read. The moves
/// are apart: none begins, ends or passes where another does. What is not found is not lost: it is
/// removed and added. `source` is its directory, open; `root` as catalog::Snapshot::root.
std::vector<MovedName> find_moves(const store::ObjectCache&, NodeId root, int source,
                                  const std::set<std::string, std::less<>>& directories);

}  // namespace yore::ingest
