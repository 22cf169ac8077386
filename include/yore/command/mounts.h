// SPDX-License-Identifier: Apache-2.0
/// The live mounts of the process that owns a repository.
#pragma once

#include <yore/mount/mount.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace yore::command {

/// Any thread.
class Mounts {
  public:
    /// `changed` is called without locks after a mount came or went.
    explicit Mounts(std::function<void()> changed);
    ~Mounts();  ///< unmounts all

    /// Throws what mount::Mount throws; mounted here already: Errc::exists.
    void add(const view::View&, const store::ObjectCache&, const mount::MountOptions&);
    /// Returns when it is unmounted. Not mounted here: false; files in use: Errc::busy.
    bool remove(const std::string& directory);
    /// Though files are in use.
    void remove_all();
    std::vector<std::string> directories() const;
    /// Those that are live. Runs without a lock.
    void each(const std::function<void(const mount::Mount&)>& visit) const;
    /// Lets the kernels' caches know of names that appeared.
    void appeared(const std::vector<view::View::Appeared>&);

    /// The stored files that some kernel knows; those that are open are among them. Runs under a
    /// lock.
    void each_known(const std::function<void(const view::Node&)>& visit) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The name that the kernel gives a mountpoint: no links on the way to it. The last name may be a
/// dead mount, of which nothing can be asked; nothing is there: `directory` as it is.
std::string mountpoint_name(const std::string& directory);

/// A mount of ours whose process was killed is taken out of the way. There is none: false.
bool detach_dead_mount(const std::string& directory);

}  // namespace yore::command
