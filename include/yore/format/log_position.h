// SPDX-License-Identifier: Apache-2.0
/// A place in a source's change log.
#pragma once

#include <compare>
#include <cstdint>

namespace yore {

/// Ordered within one incarnation of a log: an LSN, the number of a record of a directory's
/// journal, a binlog's number and offset (upper and lower 32 bits).
struct LogPosition {
    std::uint64_t value = 0;
    auto operator<=>(const LogPosition&) const = default;
};

}  // namespace yore
