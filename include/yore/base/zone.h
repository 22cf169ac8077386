// SPDX-License-Identifier: Apache-2.0
/// Time zones: what a wall clock somewhere shows, and when it shows it. Rules of the tz database,
/// read from the system's zone files (cctz, since libstdc++ 12 has none).
#pragma once

#include <yore/base/time.h>

#include <chrono>
#include <memory>
#include <string>

namespace yore {

/// A value; any thread.
class Zone {
  public:
    Zone();  ///< UTC
    /// `UTC`, or a name of the tz database: `Europe/Berlin`. There is none: Errc::invalid.
    static Zone named(const std::string& name);
    const std::string& name() const { return name_; }

    /// To the second below.
    std::chrono::local_seconds local(Timestamp) const;
    /// When the clock shows this first. It never does, since it was put forward over it: when that
    /// was done. Out of range: the nearest bound.
    Timestamp first(std::chrono::local_seconds) const;
    /// When the clock is put forward or back next, behind `time`. Never: the latest Timestamp.
    Timestamp next_change(Timestamp time) const;

  private:
    struct Rules;
    std::string name_;
    std::shared_ptr<const Rules> rules_;
};

}  // namespace yore
