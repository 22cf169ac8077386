// SPDX-License-Identifier: Apache-2.0
/// Server parameters that PostgreSQL keeps in `pg_control` and tells in the log when they change
/// (src/include/access/xlog_internal.h, xl_parameter_change).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace yore::postgresql {

enum class WalLevel : std::int32_t { minimal, replica, logical };

/// A server that recovers refuses to go on with lower ones than the log was written with.
struct RecoveryLimits {
    std::int32_t max_connections = 100;
    std::int32_t max_worker_processes = 8;
    std::int32_t max_wal_senders = 10;
    std::int32_t max_prepared_transactions = 0;
    std::int32_t max_locks_per_transaction = 64;
    bool operator==(const RecoveryLimits&) const = default;
};

struct NamedRecoveryLimit {
    std::string_view name;  ///< of the parameter
    std::int32_t RecoveryLimits::*limit;
};
inline constexpr std::array recovery_limits{
    NamedRecoveryLimit{"max_connections", &RecoveryLimits::max_connections},
    NamedRecoveryLimit{"max_worker_processes", &RecoveryLimits::max_worker_processes},
    NamedRecoveryLimit{"max_wal_senders", &RecoveryLimits::max_wal_senders},
    NamedRecoveryLimit{"max_prepared_transactions", &RecoveryLimits::max_prepared_transactions},
    NamedRecoveryLimit{"max_locks_per_transaction", &RecoveryLimits::max_locks_per_transaction},
};

/// Of each the higher one: what recovery across both needs.
inline RecoveryLimits highest(RecoveryLimits a, const RecoveryLimits& b) {
    for (const auto& [name, limit] : recovery_limits) a.*limit = std::max(a.*limit, b.*limit);
    return a;
}

}  // namespace yore::postgresql
