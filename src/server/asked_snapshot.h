// SPDX-License-Identifier: Apache-2.0
/// Snapshots that a follower asks for.
#pragma once

#include <yore/command/context.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace yore::server {

/// How long to wait after so many failures in a row, at least one: a minute, two, four … an hour at
/// most. Each makes the server write a checkpoint.
Duration snapshot_retry_delay(unsigned failures);

/// Takes one, as a job, some seconds after it was asked for; what asks meanwhile gets the same one.
/// When it fails it is tried again, for a day, unless one was taken otherwise.
class AskedSnapshot {
  public:
    /// `context` outlives it.
    AskedSnapshot(command::Context& context, std::string source);
    /// Stops one that runs.
    ~AskedSnapshot() = default;

    void ask();  ///< any thread

  private:
    void run(const std::stop_token&);
    /// Returns once it is there, or no longer tried.
    void satisfy(const std::stop_token&);
    /// What failed; one that began after that moment is there: nullopt.
    std::optional<std::string> take(Timestamp asked, const std::stop_token&);
    void rest(Duration, const std::stop_token&);
    bool was_taken_since(Timestamp) const;

    command::Context& context_;
    const std::string source_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<Timestamp> asked_;  ///< the last time, for what is not begun yet
    std::jthread thread_;             ///< goes first
};

}  // namespace yore::server
