// SPDX-License-Identifier: Apache-2.0
/// The directories that the kernel has open, by file handle. Each shows the names that were there
/// when its listing began.
#pragma once

#include <yore/base/guarded.h>
#include <yore/view/writable_view.h>

#include <cstdint>
#include <memory>
#include <unordered_map>

namespace yore::mount {

/// Any thread. Handles are the kernel's: it names none that it has closed.
class OpenDirectories {
  public:
    using Names = std::shared_ptr<const view::OpenDirectory>;

    std::uint64_t add(Names);
    void remove(std::uint64_t handle);
    Names names(std::uint64_t handle) const;
    /// A listing begins. Not the first of this handle: it needs the names as they are now.
    bool begins_again(std::uint64_t handle);
    void renew(std::uint64_t handle, Names);

  private:
    struct Open {
        Names names;
        bool has_begun = false;
    };
    struct Handles {
        std::unordered_map<std::uint64_t, Open> open;
        std::uint64_t last = 0;
    };
    Guarded<Handles> handles_;
};

}  // namespace yore::mount
