// SPDX-License-Identifier: Apache-2.0
/// A clone that is open, and its mount.
#pragma once

#include <yore/clone/clone.h>
#include <yore/command/clones.h>
#include <yore/command/context.h>
#include <yore/mount/writable_mount.h>
#include <yore/view/identity.h>
#include <yore/view/log_replay.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace yore::command {

/// The moment of a clone: while it lives, it can be read.
struct MomentBelow {
    NodeId root;  ///< as catalog::Snapshot::root
    std::shared_ptr<void> in_use;
    std::shared_ptr<const view::MadeObjects> made;  ///< empty where all is stored
};

class LiveClone {
  public:
    /// Opens its moment anew, its changes and the mount. The moment is not the state any more that
    /// the clone was made of: `corrupt`; it cannot be opened: not_found. `gone` is called, on a
    /// thread of its own, when it is mounted no more, from here or from outside.
    LiveClone(Context&, const view::Identities&, const CloneRecord&, const std::string& directory,
              std::function<void()> gone);
    /// Ends the mount, though files are in use. What was changed is durable then.
    ~LiveClone();
    /// Files in use: Errc::busy, and it stays.
    void unmount();
    void detach();

    clone::Usage usage() const { return clone_.usage(); }
    clone::StoredTree store(store::Writer& writer, const store::Keys& keys,
                            const std::stop_token& stop) {
        return clone_.store(writer, keys, *below_.made, stop);
    }
    void copy_to(const std::string& changes, const std::stop_token& stop) {
        clone_.copy_to(changes, stop);
    }
    const mount::WritableMount& mount() const { return mount_; }

  private:
    const MomentBelow below_;
    clone::Clone clone_;
    mount::WritableMount mount_;
    std::thread until_gone_;
};

}  // namespace yore::command
