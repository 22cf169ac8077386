// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/random_moment.h>

namespace yore::timeline {
namespace {

/// Both ends count, so that a window of one moment has its chance.
std::uint64_t length_ns(const Window& window) {
    return static_cast<std::uint64_t>((window.known_until - window.first.time).ns) + 1;
}

}  // namespace

std::optional<Timestamp> random_moment(const std::vector<Window>& windows, std::uint64_t random) {
    std::uint64_t whole = 0;
    for (const Window& window : windows) whole += length_ns(window);
    if (whole == 0) return std::nullopt;
    std::uint64_t rest = random % whole;
    for (const Window& window : windows) {
        if (rest < length_ns(window))
            return Timestamp{window.first.time.ns + static_cast<std::int64_t>(rest)};
        rest -= length_ns(window);
    }
    return std::nullopt;
}

}  // namespace yore::timeline
