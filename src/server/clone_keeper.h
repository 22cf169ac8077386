// SPDX-License-Identifier: Apache-2.0
/// Mounts the clones when an owner that stays begins, and removes those whose time is over.
#pragma once

#include <yore/command/context.h>

#include <chrono>
#include <thread>

#include "server/calls.h"

namespace yore::server {

/// What it does is a call in progress: an owner that is about to end waits for it, and begins none.
class CloneKeeper {
  public:
    /// Both outlive it. A clone that cannot be removed is tried again `retry_after` that.
    CloneKeeper(command::Context&, Calls&,
                std::chrono::milliseconds retry_after = std::chrono::seconds(10));
    ~CloneKeeper() = default;

  private:
    void keep(const std::stop_token&);
    void mount_all(const std::stop_token&);
    /// Not removed: false.
    bool remove(const std::string& name, const std::stop_token&);

    command::Context& context_;
    Calls& calls_;
    const std::chrono::milliseconds retry_after_;
    std::jthread thread_;
};

}  // namespace yore::server
