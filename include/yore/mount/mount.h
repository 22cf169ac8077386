// SPDX-License-Identifier: Apache-2.0
/// Shows a View through FUSE.
#pragma once

#include <yore/mount/operation_times.h>
#include <yore/view/view.h>

#include <functional>
#include <memory>
#include <string>

namespace yore::mount {

struct MountOptions {
    std::string directory;   ///< absolute
    std::string repository;  ///< absolute; a mountpoint inside it, or it inside a mount, is refused
    bool allow_other = false;
    unsigned threads = 0;                  ///< 0: one a core, at least 2
    std::uint64_t inodes_max = 1'000'000;  ///< budget of the inode table before it sheds
};

/// A live mount, served by its own threads. Destroying it unmounts.
class Mount {
  public:
    /// Mountpoint missing, busy, no directory, not empty; no /dev/fuse: own errors, with hints.
    Mount(const view::View&, const store::ObjectCache&, MountOptions);
    ~Mount();
    /// Returns when it was unmounted, from here or from outside.
    void wait();
    /// Files in use: Errc::busy, and it stays.
    void unmount();
    /// Ends it though files are in use; their readers get errors. `wait` returns soon after.
    void detach();
    /// Lets the kernel forget that these names were absent. Call without locks.
    void appeared(const std::vector<view::View::Appeared>&);
    /// The stored files that the kernel knows: those that are open, and others. Runs under a lock.
    void each_known(const std::function<void(const view::Node&)>& visit) const;
    const std::string& directory() const;
    /// How many inodes the kernel knows: above the budget only until it has let go of them.
    std::uint64_t inodes() const;
    MountTimes times() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Whether a mount of Yore, of this process or another, shows it.
bool is_on_mount_of_ours(const std::string& path);
/// A mount of ours whose process was killed is taken out of the way. There is none: false.
bool detach_dead_mount(const std::string& directory);

}  // namespace yore::mount
