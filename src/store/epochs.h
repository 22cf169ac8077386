// SPDX-License-Identifier: Apache-2.0
/// Who may still read what: readers pin the epoch in which they began; what was taken out of use in
/// an epoch may go when no pin of it or an earlier one is left. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace yore::store {

class Epochs {
  public:
    /// Holds the current epoch until the last copy goes. May outlive this object.
    std::shared_ptr<void> pin() const;
    /// Begins a new epoch and returns the one that ended: what was taken out of use before this
    /// call is seen by its pins and earlier ones alone.
    std::uint64_t advance();
    /// None: nullopt.
    std::optional<std::uint64_t> oldest_pinned() const;
    bool in_use(std::uint64_t ended) const;
    /// Whether the epoch was out of use before the time was up.
    bool wait_until_unused(std::uint64_t ended, std::chrono::milliseconds patience) const;

  private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        std::uint64_t current = 1;
        std::map<std::uint64_t, std::uint64_t> pins;  ///< epoch -> holders
    };
    static bool in_use(const State&, std::uint64_t ended);
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace yore::store
