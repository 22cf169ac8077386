// SPDX-License-Identifier: Apache-2.0
#include "model/side.h"

#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

namespace yore::test {

std::string text_of(const Outcome& outcome) {
    const std::string why =
        outcome.error_number != 0 ? fmt::format(" ({})", ::strerror(outcome.error_number)) : "";
    const std::string seen = outcome.seen.empty() ? "" : " saw " + outcome.seen;
    return fmt::format("{}{}{}", outcome.result, why, seen);
}

Outcome Side::keep(std::size_t which, int fd) {
    if (fd < 0) return outcome_of(fd);
    slots_[which] = Fd(fd);
    return {};
}

Outcome Side::close(std::size_t which) {
    if (slot(which) < 0) return {0, EBADF};
    return outcome_of(::close(slots_[which].release()));
}

}  // namespace yore::test
