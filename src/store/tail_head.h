// SPDX-License-Identifier: Apache-2.0
/// The third block of the file `head`: the last acknowledged piece of any log tail.
///
///     0  8  magic "YORETAIL"   8  8  sequence number   16  4  source   20  4  incarnation
///     24 8  position           32 8  XXH3-64 of the 32 bytes before
///
/// RocksDB numbers what is written to it, and an open that recovers a lower number than stands here
/// has lost something; it then puts the highest number there is. Written after each piece and not
/// synced, as that would double what a piece takes (docs/decisions/2026-11-21-log-tails.md): exact
/// when the process ends in whatever way; after a power loss as of the last commit, or of when the
/// kernel last wrote pages back. A torn one promises nothing.
#pragma once

#include <yore/store/tail.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <rocksdb/env.h>

namespace yore::store {

struct AcknowledgedPiece {
    std::uint64_t sequence = 0;
    TailKey key;
    bool operator==(const AcknowledgedPiece&) const = default;
};

/// Any thread.
class TailHead {
  public:
    /// `path` is the file `head`. Reads the block.
    TailHead(rocksdb::Env&, std::string path);

    /// What the block said when it was opened. Never written, or torn: nullopt.
    const std::optional<AcknowledgedPiece>& found() const { return found_; }
    /// In the page cache when it returns. One with a lower sequence number changes nothing.
    void write(const AcknowledgedPiece&);
    /// Keeps what was found until the next `write`, whatever numbers are given out from now on.
    void keep_as_lost();

  private:
    void put(const AcknowledgedPiece&);

    rocksdb::Env& env_;
    const std::string path_;
    std::optional<AcknowledgedPiece> found_;
    std::mutex mutex_;
    std::unique_ptr<rocksdb::RandomRWFile> file_;  ///< from the first write on
    std::uint64_t last_sequence_ = 0;              ///< written since it was opened
};

}  // namespace yore::store
