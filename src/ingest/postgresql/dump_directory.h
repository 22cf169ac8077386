// SPDX-License-Identifier: Apache-2.0
/// Where a dump lies until it is stored: a private directory that goes away with this.
#pragma once

#include <yore/base/fd.h>

#include <string>

namespace yore::ingest {

/// Locked for as long as it lives, so that those of killed processes can be told from others.
class DumpDirectory {
  public:
    /// In `scratch`, from which what was left there goes first.
    explicit DumpDirectory(const std::string& scratch);
    DumpDirectory(const DumpDirectory&) = delete;
    DumpDirectory& operator=(const DumpDirectory&) = delete;
    ~DumpDirectory();

    const std::string& path() const { return path_; }

  private:
    std::string path_;
    Fd lock_;
};

}  // namespace yore::ingest
