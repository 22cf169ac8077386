// SPDX-License-Identifier: Apache-2.0
/// A look at the end of a table file, before RocksDB opens it.
///
/// RocksDB 7.8 reads the block of a table's properties without checking its checksum first, and
/// Debian builds it with assertions: one flipped bit (the top one of the block's last number, which
/// then claims a hash index of no buckets) ends the process. All other blocks are checked.
#pragma once

#include <rocksdb/file_system.h>

namespace yore::store {

/// False: the properties have that bit set. What else may be wrong is left to RocksDB to find.
bool has_openable_properties(const rocksdb::FSRandomAccessFile&, std::uint64_t file_bytes);

}  // namespace yore::store
