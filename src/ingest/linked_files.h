// SPDX-License-Identifier: Apache-2.0
/// Where the names of files with several names are: a write to one is a change of all.
#pragma once

#include <yore/tree/directory.h>

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingest/focus.h"
#include "ingest/tree_records.h"

namespace yore::ingest {

/// Knows the inodes that it was asked for. A tree is searched for those that are new, or have got
/// more names than they had then. Names that are gone stay: to look where nothing is costs little.
class LinkedFiles {
  public:
    explicit LinkedFiles(const store::ObjectCache& cache) : cache_(cache) {}

    /// The directories of all other names of files that changed. `before` is the tree that the
    /// changes start from; it is searched as a whole, at most once.
    Focus touched_by(const std::vector<Change>&, const NodeId& before);
    /// Paths mean something else now.
    void forget() { inodes_.clear(); }

  private:
    struct Names {
        std::uint32_t count = 0;  ///< links when it was searched
        std::set<std::string> directories;
    };
    void note(const std::vector<Change>&);
    void search(const NodeId& root, const std::set<std::uint64_t>& inodes);

    const store::ObjectCache& cache_;
    std::unordered_map<std::uint64_t, Names> inodes_;
};

}  // namespace yore::ingest
