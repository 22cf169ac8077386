// SPDX-License-Identifier: Apache-2.0
/// A schedule whose texts were read and found right.
#pragma once

#include <yore/base/time.h>
#include <yore/base/zone.h>
#include <yore/format/schedule_spec.h>
#include <yore/timeline/cron.h>

#include <optional>
#include <string>
#include <string_view>

namespace yore::timeline {

// The words of settings, requests and the command line. Another word: Errc::invalid, which lists
// them.
ScheduledTask parse_task(std::string_view);                     ///< `snapshot`, `prune` …
OnPreviousRunning parse_on_previous_running(std::string_view);  ///< `wait`, `skip`
OnFailure parse_on_failure(std::string_view);                   ///< `retry`, `reschedule`, `pause`
std::string_view name_of(ScheduledTask);
std::string_view name_of(OnPreviousRunning);
std::string_view name_of(OnFailure);

/// What people call the schedule of a task: `home` (its snapshots), `prune home`, `collect`.
std::string schedule_name(ScheduledTask, const std::string& source);

/// A source where none belongs, or none where one does: Errc::invalid. Whether there is such a
/// source is not asked.
void check_source(const ScheduleSpec&);
/// There is no such level: Errc::invalid.
std::uint8_t verify_level(std::uint64_t number);
/// An amount of log where none belongs, or neither that nor a line of times: Errc::invalid.
void check_log_bytes(const ScheduleSpec&);
/// A level that there is not, or one that does not go with the rest: Errc::invalid.
void check_verify(const VerifySpec&);

class Schedule {
  public:
    /// A wrong line or zone, or as the checks above, or a verify's
    /// words for another task: Errc::invalid. Without a line one that has an amount of log is due
    /// each minute.
    explicit Schedule(ScheduleSpec);
    const ScheduleSpec& spec() const { return spec_; }
    std::string name() const { return schedule_name(spec_.task, spec_.source); }
    /// The first due time after this one; there is none: nullopt.
    std::optional<Timestamp> next_after(Timestamp) const;

  private:
    ScheduleSpec spec_;
    Cron cron_;
    Zone zone_;
};

}  // namespace yore::timeline
