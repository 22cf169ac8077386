// SPDX-License-Identifier: Apache-2.0
/// Runs what is due as jobs, beside the calls of others.
#pragma once

#include <yore/command/context.h>

#include <atomic>
#include <chrono>
#include <list>
#include <thread>

#include "server/calls.h"

namespace yore::server {

/// A thread waits for what is due, and each run has one of its own. A run is a call in progress: an
/// owner that is about to end waits for it or stops it, and begins none.
class Scheduler {
  public:
    /// Both outlive it. Its end stops all calls. When looking for what is due fails, it is done
    /// again `retry_after` that.
    Scheduler(command::Context&, Calls&,
              std::chrono::milliseconds retry_after = std::chrono::seconds(10));
    ~Scheduler();

  private:
    struct Run {
        std::atomic<bool> done = false;
        std::thread thread;
    };
    void run_due(const std::stop_token&);
    void begin(const command::Schedules::Entry&);
    void note_end(const command::Schedules::Entry&, timeline::RunOutcome);
    void clear_done();

    command::Context& context_;
    Calls& calls_;
    const std::chrono::milliseconds retry_after_;
    std::list<Run> runs_;  ///< of the waiting thread
    std::jthread waiting_;
};

}  // namespace yore::server
