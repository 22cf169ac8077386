// SPDX-License-Identifier: Apache-2.0
/// Points in time (UTC, ns) and their texts. The one place that parses or prints a time.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yore {

/// Nanoseconds since 1970-01-01T00:00:00Z, negative before; covers 1677 to 2262.
struct Timestamp {
    std::int64_t ns = 0;
    auto operator<=>(const Timestamp&) const = default;
    /// Out of range: the nearest bound. `nanoseconds` is below 1,000,000,000.
    static Timestamp from_seconds(std::int64_t seconds, std::uint32_t nanoseconds = 0);
};
struct Duration {
    std::int64_t ns = 0;
    auto operator<=>(const Duration&) const = default;
};
inline Duration seconds(std::int64_t count) {
    return {count * 1'000'000'000};
}
inline Timestamp operator+(Timestamp t, Duration d) {
    return {t.ns + d.ns};
}
inline Duration operator-(Timestamp a, Timestamp b) {
    return {a.ns - b.ns};
}

/// `2026-11-21T02:00:00.719573Z`; no fraction when it is zero, else 3, 6 or 9 digits.
std::string to_rfc3339(Timestamp);
/// The same with `-` in the time of day: sorts by time, holds no colon. Names of directories.
std::string to_name(Timestamp);

/// RFC 3339 with or without fraction, zone or `T` (`2026-11-21 14:07`), `-` or `:` in the time of
/// day, at least minutes; `today` or `yesterday` for the date; `now`, `now-5m` (s m h d w). Zones:
/// `Z`, `+02:00`, `+0200`; none: UTC. Not a time, a leap second (`:60`), or out of range: nullopt.
/// A date alone is not a moment: nullopt.
std::optional<Timestamp> parse_time(std::string_view text, Timestamp now);

/// `90s`, `15m`, `36h`, `7d`, `2w`. Anything else, or out of range: nullopt.
std::optional<Duration> parse_duration(std::string_view text);
/// In the largest unit that leaves whole numbers: `36h`, `7d`; parts of a second are cut off.
std::string to_text(Duration);

/// The one door to the clock.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual Timestamp now() const = 0;
};
class SystemClock final : public Clock {
  public:
    Timestamp now() const override;
};
/// Stands still until it is set. For tests.
class VirtualClock final : public Clock {
  public:
    explicit VirtualClock(Timestamp start) : now_(start) {}
    Timestamp now() const override { return now_; }
    void set(Timestamp now) { now_ = now; }

  private:
    Timestamp now_;
};

}  // namespace yore
