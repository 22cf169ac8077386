// SPDX-License-Identifier: Apache-2.0
/// Times that a crontab line names. Pure.
///
/// `minute hour day-of-month month day-of-week`, as crontab(5) has it: `*`, numbers, ranges `1-5`,
/// lists `1,3-5`, steps `*/15` and `8-18/2`, months and days by their first three letters, Sunday
/// is 0 or 7. When neither day field begins with `*`, a day that fits one of them is enough. Or
/// one of `@yearly @annually @monthly @weekly @daily @midnight @hourly`.
#pragma once

#include <yore/base/time.h>
#include <yore/base/zone.h>

#include <bitset>
#include <chrono>
#include <optional>
#include <string_view>

namespace yore::timeline {

/// When a clock is put forward or back, a line that names hours means times of day: each once. One
/// that was skipped is due when the skipping is over, all that were skipped together once; of two
/// that read the same, the first is due. A line of every hour means an interval: it is due
/// whenever the clock shows one of its minutes.
class Cron {
  public:
    /// Not such a line, or of a day that no year has: Errc::invalid, with what is wrong in it.
    static Cron parse(std::string_view line);

    /// The first due time after this one. None that a Timestamp can hold: nullopt.
    std::optional<Timestamp> next_after(Timestamp, const Zone&) const;

  private:
    bool has(std::chrono::local_days) const;
    bool has_some_day() const;
    std::optional<std::chrono::minutes> next_of_day(std::chrono::minutes from) const;
    std::optional<std::chrono::local_seconds> next_local(std::chrono::local_seconds from) const;
    std::optional<Timestamp> next_time_of_day(Timestamp, const Zone&) const;
    std::optional<Timestamp> next_of_interval(Timestamp, const Zone&) const;

    std::bitset<60> minutes_;
    std::bitset<24> hours_;
    std::bitset<32> days_;     ///< from 1
    std::bitset<13> months_;   ///< from 1
    std::bitset<7> weekdays_;  ///< from Sunday
    bool either_day_ = false;  ///< a fitting day of the month or of the week is enough
};

}  // namespace yore::timeline
