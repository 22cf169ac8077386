// SPDX-License-Identifier: Apache-2.0
/// What a log asks of the server that replays it, besides the log itself.
#pragma once

#include <yore/format/log_position.h>

#include <cstdint>
#include <string>

namespace yore::catalog {

/// Of one record: a setting of PostgreSQL that must not be lower (`max_connections`, `number`), or
/// a directory that it makes or needs (`tablespace`: its OID, the path).
struct LogDemand {
    LogPosition position;
    std::string name;
    std::uint64_t number = 0;
    std::string text = {};
    bool operator==(const LogDemand&) const = default;
};

}  // namespace yore::catalog
