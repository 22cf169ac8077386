// SPDX-License-Identifier: Apache-2.0
/// A clone for as long as a command needs it.
#pragma once

#include <yore/command/context.h>

#include <string>

namespace yore::command {

class ThrowawayClone {
  public:
    /// Any owner may have one. `wanted.name` and `wanted.directory` are the beginnings of its own;
    /// its `ttl` counts if this process dies.
    ThrowawayClone(Context&, NewClone wanted, Output&, const std::stop_token&);
    /// What uses it gets errors. It cannot be removed: its `ttl` counts.
    ~ThrowawayClone();
    ThrowawayClone(const ThrowawayClone&) = delete;
    ThrowawayClone& operator=(const ThrowawayClone&) = delete;

    const CloneStatus& status() const { return status_; }
    const std::string& directory() const { return status_.directory; }

  private:
    Context& context_;
    CloneStatus status_;
};

}  // namespace yore::command
