// SPDX-License-Identifier: Apache-2.0
/// How far a schedule has come. Kept over restarts.
#pragma once

#include <yore/base/time.h>

#include <cstdint>
#include <optional>

namespace yore {

struct ScheduleState {
    Timestamp handled = {};  ///< what was due up to here was run or left out
    bool paused = false;
    std::uint32_t failures = 0;              ///< in a row, up to the last run
    std::optional<Timestamp> retry_at = {};  ///< that failed run once more
    bool running = false;  ///< stored so: the process that ran it ended before it did
    std::optional<Timestamp> last_started = {}, last_success = {};
    bool operator==(const ScheduleState&) const = default;
};

}  // namespace yore
