// SPDX-License-Identifier: Apache-2.0
/// After a write or sync that failed, what is on disk is not known any more: nothing is written on
/// top of it until it is opened again, when recovery finds out.
#pragma once

#include <yore/base/error.h>

#include <atomic>
#include <string>

namespace yore::store {

/// Any thread.
class WriteStop {
  public:
    explicit WriteStop(std::string directory) : directory_(std::move(directory)) {}

    /// Logs the first cause; later ones follow from it.
    void stop(const Error& cause);
    /// After a write that was begun: stops; the Error to throw, never one that says "try again".
    Error stopped_by(const Error& cause);
    bool stopped() const { return stopped_.load(std::memory_order_acquire); }
    /// Throws `read_only` once stopped.
    void ensure_writable() const;

  private:
    std::string directory_;
    std::atomic<bool> stopped_ = false;
};

}  // namespace yore::store
