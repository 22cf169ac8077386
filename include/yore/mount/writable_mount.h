// SPDX-License-Identifier: Apache-2.0
/// Shows a WritableView through FUSE.
///
/// Writes go through at once (no write-back cache in the kernel): a write that is refused fails in
/// the call that made it, and what was written is in the view also when this process is killed.
#pragma once

#include <yore/mount/mount.h>
#include <yore/view/writable_view.h>

#include <memory>
#include <string>

namespace yore::mount {

/// As Mount: served by its own threads; destroying it unmounts. The view outlives it.
class WritableMount {
  public:
    /// Throws as Mount does. `inodes_max` is not used.
    WritableMount(view::WritableView&, MountOptions);
    ~WritableMount();
    void wait();
    void unmount();
    void detach();
    const std::string& directory() const;
    MountTimes times() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::mount
