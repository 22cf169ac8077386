// SPDX-License-Identifier: Apache-2.0
/// Snapshots that a follower asks for.
#pragma once

#include <yore/command/context.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace yore::server {

/// Takes one, as a job, some seconds after it was asked for; what asks meanwhile gets the same one.
/// When it fails it is tried again, as following is.
class AskedSnapshot {
  public:
    /// `context` outlives it.
    AskedSnapshot(command::Context& context, std::string source);
    /// Stops one that runs.
    ~AskedSnapshot() = default;

    void ask();  ///< any thread

  private:
    void run(const std::stop_token&);
    bool take(const std::stop_token&, unsigned failures);

    command::Context& context_;
    const std::string source_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    bool asked_ = false;
    std::jthread thread_;  ///< goes first
};

}  // namespace yore::server
