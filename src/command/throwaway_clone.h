// SPDX-License-Identifier: Apache-2.0
/// A clone for as long as a command needs it.
#pragma once

#include <yore/command/context.h>

#include <string>

namespace yore::command {

class ThrowawayClone {
  public:
    /// Any owner may have one. It has a name of its own, and its directory, if one is wanted, too:
    /// behind `wanted.directory`. If this process dies the next owner that stays removes it.
    ThrowawayClone(Context&, NewClone wanted, Output&, const std::stop_token&);
    /// What uses it gets errors. It cannot be removed: the next owner that stays does it.
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
