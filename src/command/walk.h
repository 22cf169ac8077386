// SPDX-License-Identifier: Apache-2.0
/// Goes through a stored tree in path order, depth first, without recursion: trees from a hostile
/// repository may be deeper than a stack.
#pragma once

#include <yore/tree/directory.h>

#include <functional>
#include <stop_token>
#include <string>

namespace yore::command {

struct WalkStep {
    const std::string& path;
    const tree::EntryView& entry;
    unsigned depth;  ///< 1: directly in the directory where the walk began
};

struct Visitor {
    /// Returns whether to go into it (directories only).
    std::function<bool(const WalkStep&)> enter;
    /// Called after all below a directory was visited that `enter` let in.
    std::function<void(const WalkStep&)> leave = [](const WalkStep&) {};
};

/// All below the directory node `top`; paths start with `prefix`. Stopped: Errc::cancelled.
void walk(const store::ObjectCache&, NodeId top, const std::string& prefix, const Visitor&,
          std::stop_token);

void check_stop(const std::stop_token&);

}  // namespace yore::command
