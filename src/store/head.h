// SPDX-License-Identifier: Apache-2.0
/// The file `head`: number and hash of the last acknowledged commit.
///
/// Two slots of 4096 bytes, written in turn, so that a torn write leaves the other:
///
///     0  8  magic "YOREHEAD"   8  8  commit number   16  16  XXH3-128 of the sealed entry
///     32 8  XXH3-64 of the 32 bytes before
///
/// A flipped byte in RocksDB's log silently ends its replay there: only who remembers the last
/// acknowledged commit elsewhere can tell that something is gone.
#pragma once

#include <yore/base/fd.h>
#include <yore/format/ids.h>
#include <yore/store/rocks_backend.h>

#include <array>
#include <optional>
#include <string>

namespace yore::store {

struct Head {
    CommitNumber number;
    std::array<std::byte, 16> hash{};  ///< zeros when number is 0
    bool operator==(const Head&) const = default;
};
std::array<std::byte, 16> hash_of_entry(ByteView sealed_entry);

class HeadFile {
  public:
    static void create(const std::string& path, FileSteps&);
    /// Absent, or both slots damaged: `corrupt`.
    HeadFile(std::string path, bool read_only, FileSteps&);

    const Head& read() const { return head_; }
    /// Durable when it returns.
    void write(const Head&);

  private:
    std::string path_;
    FileSteps& steps_;
    Fd fd_;
    Head head_;
    unsigned next_slot_ = 0;
};

}  // namespace yore::store
