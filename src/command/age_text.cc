// SPDX-License-Identifier: Apache-2.0
#include <yore/command/age_text.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace yore::command {

std::string age_text(Duration age) {
    constexpr std::int64_t ns_per_second = 1'000'000'000, minute = 60, hour = 60 * minute,
                           day = 24 * hour;
    const std::int64_t seconds = std::max<std::int64_t>(0, age.ns / ns_per_second);
    for (const auto& [unit, name] : {std::pair(day, "days"), {hour, "hours"}, {minute, "minutes"}})
        if (seconds >= 2 * unit) return fmt::format("{} {}", seconds / unit, name);
    return fmt::format("{} seconds", seconds);
}

}  // namespace yore::command
