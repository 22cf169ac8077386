// SPDX-License-Identifier: Apache-2.0
/// The RocksDB of a repository: opened with all its families, closed in the right order.
#pragma once

#include <yore/base/bytes.h>
#include <yore/store/rocks_backend.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <rocksdb/db.h>

#include "store/head.h"
#include "store/rocks_options.h"
#include "store/write_stop.h"

namespace yore::store {

class RocksDatabase {
  public:
    /// Makes an empty one. There is one already: `exists`.
    static void create(const std::string& path, const RocksOptions&);
    /// Missing or damaged files: `corrupt`; see `open_rocks_backend`. `stop` is told of errors in
    /// the background.
    RocksDatabase(std::string path, const RocksOptions&, WriteStop& stop);
    RocksDatabase(const RocksDatabase&) = delete;
    RocksDatabase& operator=(const RocksDatabase&) = delete;
    /// Writes down what is in memtables only, so that the next open need not replay the log.
    ~RocksDatabase();

    rocksdb::DB& operator*() const { return *database_; }
    rocksdb::DB* operator->() const { return database_.get(); }
    rocksdb::ColumnFamilyHandle* family(Family family) const { return handles_[family]; }

    /// Absent: false. Damaged: `corrupt`, and the message says what and where.
    bool get(Family, ByteView key, rocksdb::PinnableSlice& value) const;
    std::optional<Bytes> get(Family, ByteView key) const;
    /// The last entry of the commit log: number 0 when there is none.
    Head last_commit() const;

  private:
    void flush() const;
    void settle() const;

    std::string path_;
    bool read_only_;
    WriteStop& stop_;
    std::vector<rocksdb::ColumnFamilyHandle*> handles_;
    std::unique_ptr<rocksdb::DB> database_;
};

/// Bytes in logs that an open would replay: more than 0 after a crash.
std::uint64_t log_bytes(rocksdb::Env&, const std::string& path);

}  // namespace yore::store
