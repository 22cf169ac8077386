// SPDX-License-Identifier: Apache-2.0
/// Where a walk looks: at directories that changed, and on the way to them.
#pragma once

#include <yore/base/path.h>

#include <set>
#include <string>
#include <string_view>

namespace yore::ingest {

/// Paths are relative to the source; its own directory is "".
class Focus {
  public:
    void add(std::string_view directory) {
        directories_.emplace(directory);
        // What leads to a path that was added before does so already.
        while (ways_.emplace(directory).second && !directory.empty())
            directory = directory_of(directory);
    }
    bool empty() const { return directories_.empty(); }
    /// All entries of this directory are looked at.
    bool contains(std::string_view directory) const { return directories_.contains(directory); }
    /// One of the directories is this path or lies below it.
    bool leads_to(std::string_view path) const { return ways_.contains(path); }
    const std::set<std::string, std::less<>>& directories() const { return directories_; }

  private:
    std::set<std::string, std::less<>> directories_, ways_;
};

}  // namespace yore::ingest
