// SPDX-License-Identifier: Apache-2.0
/// How many names files have within one tree.
///
/// In a directory of copies that share unchanged files, st_nlink counts the names in all copies. A
/// tree that kept it would say of nearly every file that it has other names, so that restores look
/// for them and mounts share none of its pages between snapshots.
#pragma once

#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingest/file_status.h"

namespace yore::ingest {

/// Counts once, then any thread. It knows the files on the file system of the tree's root.
class LinkCounts {
  public:
    /// With more names of linked files in the tree, what the file system says is left as it is.
    /// They take 8 bytes each while they are counted.
    static constexpr std::size_t names_max = 16u << 20;

    /// Lists and stats all below `root`. What cannot be read is left out: who reads the tree tells.
    /// Stopped: Errc::cancelled.
    LinkCounts(int root, const std::stop_token&);

    /// From the names that there are to those in the tree.
    void correct(FileStatus&) const;

  private:
    using Inodes = std::vector<std::uint64_t>;
    void visit(const Fd& directory, const std::string& path, Inodes& met,
               std::vector<std::string>& pending);
    void count(Inodes& met);

    std::uint64_t device_ = 0;
    bool counted_ = false;
    std::unordered_map<std::uint64_t, std::uint32_t> several_;  ///< by inode: with two or more
};

}  // namespace yore::ingest
