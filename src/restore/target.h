// SPDX-License-Identifier: Apache-2.0
/// Directories being restored into: opened step by step, never through a link.
#pragma once

#include <yore/base/fd.h>
#include <yore/base/path.h>
#include <yore/tree/directory.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace yore::restore {

/// A directory of the target. What is being restored into it holds it; when the last holder lets
/// go, all that is below is there, and `finish` sets its own metadata. Then its parent may finish.
class TargetDirectory {
  public:
    using Finish = std::function<void(TargetDirectory&)>;

    TargetDirectory(Fd fd, std::string path, std::shared_ptr<TargetDirectory> parent,
                    std::optional<tree::EntryView> entry, Finish finish)
        : fd_(std::move(fd)),
          path_(std::move(path)),
          parent_(std::move(parent)),
          entry_(std::move(entry)),
          finish_(std::move(finish)) {}
    TargetDirectory(const TargetDirectory&) = delete;
    TargetDirectory& operator=(const TargetDirectory&) = delete;
    ~TargetDirectory() {
        if (finish_) finish_(*this);
    }

    int fd() const { return fd_.get(); }
    /// From the target's top, no leading slash; the top is "".
    const std::string& path() const { return path_; }
    std::string path_of(std::string_view name) const { return join_path(path_, name); }
    /// Nothing when its metadata is not ours to set (the target's top).
    const std::optional<tree::EntryView>& entry() const { return entry_; }
    /// Null above the target's top.
    const TargetDirectory* parent() const { return parent_.get(); }

  private:
    Fd fd_;
    std::string path_;
    std::shared_ptr<TargetDirectory> parent_;
    std::optional<tree::EntryView> entry_;
    Finish finish_;
};

/// Opens `path` below `top`, one component after the other, following no link.
Fd open_below(int top, const std::string& path);

}  // namespace yore::restore
