// SPDX-License-Identifier: Apache-2.0
/// Jobs: the long commands that run here now, and what became of those before.
///
/// Each is recorded when it begins and when it ends; what a process left running is marked
/// interrupted by the next one that asks for jobs. A record that cannot be written (a full disk) is
/// no reason not to run: then the history is of this process alone.
#pragma once

#include <yore/base/time.h>
#include <yore/catalog/job.h>
#include <yore/command/command.h>
#include <yore/store/store.h>

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace yore::command {

/// Any thread.
class Jobs {
  public:
    static constexpr std::size_t history_max = 1000;  ///< what has ended

    Jobs(store::Store&, const Clock&);
    ~Jobs();

    /// Runs a command as a job. What the job is told to do, the command meets in its Call: a stop
    /// in the token, a pause in Output::pause_point. The result has the job's number in `job`.
    nlohmann::json run(Context&, const Command&, const Call&);

    /// By number.
    std::vector<catalog::Job> list();
    /// There is none: Errc::not_found, as with all below.
    catalog::Job show(std::uint64_t number);
    /// Hands out progress, problems and damage from now on, until it has ended; returns what it
    /// was then. `stop` ends this, not the job: Errc::cancelled.
    catalog::Job follow(std::uint64_t number, Output&, const std::stop_token& stop);
    /// Returns when it has ended. It had already: Errc::invalid.
    catalog::Job cancel(std::uint64_t number, const std::stop_token& stop);
    /// Returns when it has stopped working, or has ended before it could. It had already, or it
    /// cannot be paused: Errc::invalid.
    catalog::Job pause(std::uint64_t number, const std::stop_token& stop);
    /// It is not paused: Errc::invalid.
    catalog::Job resume(std::uint64_t number);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Whether such a call is a job: it may take long, and what became of it matters later.
bool is_job(std::string_view command, const nlohmann::json& request);
/// Whether such a call goes on until it is stopped: its stop is its end, not its failure.
bool is_endless(std::string_view command);

}  // namespace yore::command
