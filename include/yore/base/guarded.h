// SPDX-License-Identifier: Apache-2.0
/// Data together with the mutex that guards it: no access without the lock.
#pragma once

#include <mutex>
#include <utility>

namespace yore {

template <typename T>
class Guarded {
  public:
    Guarded() = default;
    explicit Guarded(T value) : value_(std::move(value)) {}

    /// Runs `use(value)` under the lock. No store I/O, no FUSE reply in there.
    template <typename Use>
    decltype(auto) with(Use&& use) {
        std::scoped_lock lock(mutex_);
        return std::forward<Use>(use)(value_);
    }
    template <typename Use>
    decltype(auto) with(Use&& use) const {
        std::scoped_lock lock(mutex_);
        return std::forward<Use>(use)(value_);
    }

  private:
    mutable std::mutex mutex_;
    T value_{};
};

}  // namespace yore
