// SPDX-License-Identifier: Apache-2.0
/// Server parameters that PostgreSQL keeps in `pg_control` and tells in the log when they change
/// (src/include/access/xlog_internal.h, xl_parameter_change).
#pragma once

#include <algorithm>
#include <cstdint>

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

/// Of each the higher one: what recovery across both needs.
inline RecoveryLimits highest(const RecoveryLimits& a, const RecoveryLimits& b) {
    return {std::max(a.max_connections, b.max_connections),
            std::max(a.max_worker_processes, b.max_worker_processes),
            std::max(a.max_wal_senders, b.max_wal_senders),
            std::max(a.max_prepared_transactions, b.max_prepared_transactions),
            std::max(a.max_locks_per_transaction, b.max_locks_per_transaction)};
}

}  // namespace yore::postgresql
