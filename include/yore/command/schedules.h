// SPDX-License-Identifier: Apache-2.0
/// Schedules: what is to run by itself, and how far each has come.
///
/// They come from a file of settings (`configure`) or were set by command, as records. How far they
/// have come is recorded for both. What is due is decided in timeline/schedule_decision.h; who runs
/// it is the owner's scheduler.
#pragma once

#include <yore/base/time.h>
#include <yore/catalog/catalog.h>
#include <yore/catalog/schedule.h>
#include <yore/timeline/schedule_decision.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace yore::command {

/// `level`, and `max_time`, `older_than`, `random` and `compare` if there are: as the request of a
/// verify has them.
nlohmann::json describe(const VerifySpec&);
/// What it is, not how far it has come.
nlohmann::json describe(const ScheduleSpec&);

/// Any thread.
class Schedules {
  public:
    struct Entry {
        catalog::ScheduleKey key;
        timeline::Schedule schedule;
        ScheduleState state;
        bool configured = false;  ///< by the file of settings, not by command
        std::optional<Timestamp> next() const { return next_due(schedule, state); }
    };
    /// Which schedule: of this task, and of this source unless the task is for the repository.
    struct Which {
        ScheduledTask task = ScheduledTask::snapshot;
        std::string source;
    };

    /// What is asked before a source is rolled forward, by its id. Throws: it is not, this time.
    using AskLog = std::function<timeline::LogBehind(std::uint32_t source)>;
    Schedules(catalog::Catalog&, const Clock&, AskLog ask_log = {});
    ~Schedules();

    /// Takes the place of those that were configured before; it outweighs what was set by command,
    /// which counts again when it is no longer configured. One that is new begins now.
    /// A wrong spec, or two for one task and source: Errc::invalid; no such source: not_found; then
    /// nothing changes.
    /// Of `otherwise`, what neither is configured nor was set by command.
    void configure(const std::vector<ScheduleSpec>&,
                   const std::vector<ScheduleSpec>& otherwise = {});

    std::vector<Entry> list();
    // Those below throw Errc::not_found when there is no such source or schedule; `set` and
    // `remove` Errc::invalid for one that is configured.
    Entry show(const Which&);
    Entry set(const ScheduleSpec&);
    Entry remove(const Which&);
    Entry pause(const Which&);
    Entry resume(const Which&);
    /// Also when it is paused. It runs, or nobody here runs schedules: Errc::invalid.
    Entry run_now(const Which&);

    // For the one scheduler.
    /// Whether there is one.
    void attach();
    void detach();
    bool is_attached() const;
    /// Waits until one is to run, and notes that it does. Stopped: nullopt.
    std::optional<Entry> wait_for_due(const std::stop_token&);
    void ended(const catalog::ScheduleKey&, timeline::RunOutcome);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::command
