// SPDX-License-Identifier: Apache-2.0
/// A moment to try, of all that can be restored.
#pragma once

#include <yore/timeline/windows.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace yore::timeline {

/// A time in one of the windows: `random`, even over all numbers, chooses it evenly over the time
/// that they cover. No window: nullopt.
std::optional<Timestamp> random_moment(const std::vector<Window>&, std::uint64_t random);

}  // namespace yore::timeline
