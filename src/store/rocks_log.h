// SPDX-License-Identifier: Apache-2.0
/// RocksDB's warnings and errors as lines of our log; it writes no LOG files of its own.
#pragma once

#include <memory>

#include <rocksdb/env.h>

namespace yore::store {

std::shared_ptr<rocksdb::Logger> rocks_log();

}  // namespace yore::store
