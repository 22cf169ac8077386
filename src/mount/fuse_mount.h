// SPDX-License-Identifier: Apache-2.0
/// A FUSE session and its life: prepared, mounted, served by its own threads, unmounted.
#pragma once

#include <yore/mount/mount.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "mount/fuse.h"

namespace yore::mount {

/// What one READ, WRITE or read-ahead carries at most.
inline constexpr unsigned transfer_bytes_max = 1u << 20;
inline constexpr std::size_t name_bytes_max = 255;

/// Checked: the directory without links, ready to be mounted on; how many threads. Throws as Mount.
MountOptions prepared(MountOptions);

enum class Permissions {
    ignored,   ///< who may look at the mount sees all of it
    enforced,  ///< by the kernel, from owners and modes
};
enum class Access { reading, writing };

/// In the order of its use: construct, `serve`, and what Mount says of the rest.
class FuseMount {
  public:
    struct Kind {
        Access access;
        Permissions permissions;
    };
    /// Mounts. The operations get `data` as their user data; both outlive it. `options` are
    /// `prepared`.
    FuseMount(const MountOptions& options, Kind, const fuse_lowlevel_ops&, void* data);
    ~FuseMount();
    /// Starts the threads that answer; until then requests wait.
    void serve();
    void wait();
    void unmount();
    void detach();
    /// Detaches, and returns when no thread answers any more. The session stays until destruction.
    void end();

    fuse_session* session() const { return session_.get(); }

  private:
    struct Destroy {
        void operator()(fuse_session* session) const { fuse_session_destroy(session); }
    };
    using Session = std::unique_ptr<fuse_session, Destroy>;
    static Session make(const MountOptions&, Kind, const fuse_lowlevel_ops&, void* data);
    void loop();
    void end_hidden_uses();
    bool is_mounted() const;

    const std::string directory_;
    const unsigned threads_;
    Session session_;
    std::string device_;
    std::mutex mutex_;
    std::condition_variable ended_changed_;
    bool ended_ = false;
    std::jthread loop_;
};

/// Asks the kernel for a capability (FUSE_CAP_…), if it has it, or for none.
void want(fuse_conn_info&, unsigned capability, bool wanted = true);
/// Asks for what all our mounts want: large transfers, listings with attributes, many requests at
/// once, files that are opened without us.
void want_common(fuse_conn_info&);

}  // namespace yore::mount
