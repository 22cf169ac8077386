// SPDX-License-Identifier: Apache-2.0
/// RocksDB's way to its files, with two things that it gets wrong made right.
///
/// RocksDB removes a table that it could not note in the MANIFEST. But a note whose write or sync
/// failed may be there all the same, and the next open then looks for the table and refuses the
/// whole database. So once that has happened tables stay; the next open knows which are noted, and
/// removes the others. And a table whose end would make RocksDB abort does not open.
#pragma once

#include <memory>

#include <rocksdb/env.h>

namespace yore::store {

/// Everything else is done by `env`, which outlives the result.
std::unique_ptr<rocksdb::Env> guarded_files(rocksdb::Env& env);

}  // namespace yore::store
