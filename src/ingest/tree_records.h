// SPDX-License-Identifier: Apache-2.0
/// The records that lead from one tree to another.
#pragma once

#include <yore/format/journal.h>
#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace yore::ingest {

/// A change without its time; `entry` for those that have one. A directory's entry has no child
/// yet: it stands for one with nothing in it, as what is below follows in changes of its own.
struct Change {
    format::JournalRecord::Kind kind = format::JournalRecord::Kind::put;
    std::vector<std::string> paths;
    tree::Entry entry = {};
    /// Inodes of what had, or has, other names too, and how many names.
    std::vector<std::pair<std::uint64_t, std::uint32_t>> links = {};
};

/// Roots as catalog::Snapshot::root. Applied in order to the one they give the other, to the last
/// attribute. Nothing below equal nodes is read. `visit` returns false to stop.
void scan_changes(const store::ObjectCache&, NodeId before, NodeId after,
                  const std::function<bool(Change&&)>& visit);

}  // namespace yore::ingest
