// SPDX-License-Identifier: Apache-2.0
/// The file `head`: number and hash of the last acknowledged commit.
///
/// Two slots of 4096 bytes, written in turn, so that a torn write leaves the other; behind them is
/// the block of log tails (tail_head.h):
///
///     0  8  magic "YOREHEAD"   8  8  commit number   16  16  XXH3-128 of the sealed entry
///     32 8  XXH3-64 of the 32 bytes before           then zeros
///
/// A flipped byte in RocksDB's log silently ends its replay there: only who remembers the last
/// acknowledged commit elsewhere can tell that something is gone.
#pragma once

#include <yore/format/ids.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include <rocksdb/env.h>

namespace yore::store {

struct Head {
    CommitNumber number;
    std::array<std::byte, 16> hash{};  ///< zeros when number is 0
    bool operator==(const Head&) const = default;
};
std::array<std::byte, 16> hash_of_entry(ByteView sealed_entry);

/// Where the bytes are. One thread at a time.
class HeadFile {
  public:
    static constexpr std::size_t slot_bytes = 4096;

    /// Durable but for its name, which the caller syncs with the directory.
    static void create(rocksdb::Env&, const std::string& path);
    /// Absent, or both slots damaged: `corrupt`.
    HeadFile(rocksdb::Env&, std::string path);

    const Head& read() const { return head_; }
    /// Or one that was never written; the next write mends it.
    bool has_damaged_slot() const { return has_damaged_slot_; }
    /// Durable when it returns. After an error, which of the two heads is there is not known.
    void write(const Head&);

  private:
    void read_slots();

    rocksdb::Env& env_;
    std::string path_;
    std::unique_ptr<rocksdb::RandomRWFile> file_;  ///< from the first write on
    Head head_;
    unsigned next_slot_ = 0;
    bool has_damaged_slot_ = false;
};

}  // namespace yore::store
