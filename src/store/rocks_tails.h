// SPDX-License-Identifier: Apache-2.0
/// Log tails in the column family `tails`.
///
/// A piece is one synced write; RocksDB joins those of several threads into one. Positions only
/// grow, so removed pieces are never written again: a commit removes them by one range tombstone,
/// which costs the same for ten pieces and ten thousand, and which scans step over.
#pragma once

#include <yore/store/backend.h>

#include <atomic>
#include <optional>
#include <string>

#include <rocksdb/write_batch.h>

#include "store/rocks_database.h"
#include "store/tail_head.h"
#include "store/write_stop.h"

namespace yore::store {

/// Any thread, `announce_loss` apart.
class RocksTails {
  public:
    RocksTails(std::string directory, const RocksOptions&, WriteStop&);

    /// Once, after the database was opened. Says so when an acknowledged piece is gone, and keeps
    /// saying so. Not a reason to refuse: all commits are there, and who sent it may have it still.
    void announce_loss(const RocksDatabase&);
    std::optional<TailKey> lost_piece() const;

    void append(const RocksDatabase&, const TailKey&, ByteView sealed);
    static void add_drop(const RocksDatabase&, const TailDrop&, rocksdb::WriteBatch&);
    static void scan(const RocksDatabase&, const TailKey& first, const Backend::TailVisitor&);
    static std::optional<Backend::StoredPiece> last_piece(const RocksDatabase&, TailId,
                                                          std::uint64_t below);

  private:
    const std::string directory_;
    const RocksOptions options_;
    WriteStop& stop_;
    TailHead head_;
    std::optional<TailKey> lost_;
    std::atomic<bool> appended_ = false;
};

}  // namespace yore::store
