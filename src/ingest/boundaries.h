// SPDX-License-Identifier: Apache-2.0
/// The directories that a walk does not enter: the repository, Yore's own mounts, other file
/// systems, caches. They stay in the snapshot as empty directories (a cache keeps its tag).
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/file_status.h"

namespace yore::ingest {

/// The mount points of file systems of type `fuse.yore` in a text like /proc/self/mountinfo.
std::vector<std::string> own_mounts(std::string_view mountinfo);

class Boundaries {
  public:
    /// `root`: the source's directory, open. `avoid`: absolute paths; those that are not there do
    /// not matter. Own mounts are found by themselves.
    Boundaries(int root, const std::vector<std::string>& avoid);

    /// Before the directory is touched: a mount whose server is gone would hang us.
    /// `path` is relative to the source.
    bool is_mount_of_ours(std::string_view path) const;
    bool avoids(const FileStatus& directory) const;

  private:
    std::set<std::string, std::less<>> mounts_;                  ///< relative to the source
    std::set<std::pair<std::uint64_t, std::uint64_t>> avoided_;  ///< device, inode
};

/// Whether the file CACHEDIR.TAG in this directory says that it is a cache
/// (bford.info/cachedir: its first 43 bytes).
bool has_cache_tag(int directory);
inline constexpr std::string_view cache_tag_name = "CACHEDIR.TAG";

}  // namespace yore::ingest
