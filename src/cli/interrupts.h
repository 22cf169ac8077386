// SPDX-License-Identifier: Apache-2.0
/// SIGINT, SIGTERM and SIGHUP as requests to stop, taken by a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <thread>

namespace yore::cli {

/// The first signal asks what runs to stop (`first`). SIGTERM or SIGHUP, or a second SIGINT, asks
/// for all (`all`): the calls of others and the mounts, too. A third SIGINT ends the process.
class Interrupts {
  public:
    /// Blocks the signals in this thread and those that it starts, so it comes before any of them,
    /// and after a fork: a child would have no thread that listens.
    /// With `on_hangup`, SIGHUP asks for nothing but calls it, on a thread of its own.
    explicit Interrupts(std::function<void()> on_hangup = {});
    ~Interrupts();

    /// From now on the first signal asks for all.
    void nothing_else_runs() { alone_ = true; }

    std::stop_token first() const { return first_.get_token(); }
    std::stop_token all() const { return all_.get_token(); }

  private:
    void take(int signal);
    const std::function<void()> on_hangup_;
    std::stop_source first_, all_;
    std::atomic<bool> alone_ = false;
    std::jthread thread_;
};

}  // namespace yore::cli
