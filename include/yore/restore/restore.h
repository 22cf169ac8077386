// SPDX-License-Identifier: Apache-2.0
/// Writes a part of a snapshot to a directory of the real file system, metadata and all.
///
/// Never writes outside `target`, whatever the repository holds: every step is relative to a
/// directory descriptor that this run opened or made, no link is followed, names are checked.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace yore::restore {

struct Progress {
    std::uint64_t files_done = 0, bytes_done = 0;
    std::uint64_t files_kept = 0;  ///< already there and equal: taken as done
    std::uint64_t files_total = 0, bytes_total = 0;
    std::uint64_t problems = 0;
};

struct RestoreOptions {
    std::string target;              ///< absolute; made when absent
    std::vector<std::string> paths;  ///< inside the snapshot, without leading slash; empty: all
    /// What to do with a name that is there already and is not the same file.
    enum class Existing { refuse, replace } existing = Existing::refuse;
    /// Directories of the snapshot that go elsewhere: to absolute ones, which are there. They are
    /// not made below the target.
    std::map<std::string, std::string> elsewhere = {};
    /// Links that are made with another target than the stored one.
    std::map<std::string, std::string> links = {};
    bool owners = true;  ///< set uid and gid (needs root); else the caller's
    std::function<void(const Progress&)> progress;
    std::function<void(const catalog::Problem&)> problem;  ///< a path that could not be restored
};

struct RestoreResult {
    Progress counts;
    bool partial() const { return counts.problems > 0; }
};

/// A run that was interrupted goes on where it stopped when it is started again: files that are
/// there with the right size, times and attributes are kept. A file gets its final name only when
/// it is whole. Sparse files stay sparse; hard links are links again.
/// A path that is not in the snapshot: Errc::not_found, before anything is written.
RestoreResult restore(const store::ObjectCache&, NodeId snapshot_root, const RestoreOptions&,
                      std::stop_token);

}  // namespace yore::restore
