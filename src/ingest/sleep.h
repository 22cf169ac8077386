// SPDX-License-Identifier: Apache-2.0
/// A sleep that ends early when it is no longer wanted.
#pragma once

#include <yore/base/time.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace yore::ingest {

/// Until it is stopped, if that is earlier.
inline void sleep_for(Duration duration, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, std::chrono::nanoseconds(duration.ns), [] { return false; });
}

}  // namespace yore::ingest
