// SPDX-License-Identifier: Apache-2.0
/// Counts operations and their durations without a lock: two relaxed additions each, beside
/// requests that cost some 10 µs in the kernel alone.
#pragma once

#include <yore/mount/operation_times.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace yore::mount {

/// Any thread. What is seen while operations end may have one in its count and not in its time.
class OperationMeter {
  public:
    void add(Operation, std::chrono::nanoseconds) noexcept;
    void failed(Operation) noexcept;
    MountTimes seen() const;

  private:
    /// A cache line of its own: threads that read do not wait for those that look up.
    struct alignas(64) Of {
        std::array<std::atomic<std::uint64_t>, OperationTimes::class_count> counts{};
        std::atomic<std::uint64_t> total_ns = 0, failures = 0;
    };
    std::array<Of, operation_count> of_;
};

/// Adds what passes from its beginning to its end.
class Timed {
  public:
    Timed(OperationMeter& meter, Operation operation)
        : meter_(meter), operation_(operation), began_(std::chrono::steady_clock::now()) {}
    ~Timed() { meter_.add(operation_, std::chrono::steady_clock::now() - began_); }
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

  private:
    OperationMeter& meter_;
    const Operation operation_;
    const std::chrono::steady_clock::time_point began_;
};

}  // namespace yore::mount
