// SPDX-License-Identifier: Apache-2.0
/// Where one file's bytes are cut into chunks.
///
/// Content-defined: FastCDC (Xia et al., USENIX ATC 2016; two bytes a step as in IEEE TPDS 2020)
/// with normalised chunking and a gear table made from a repository key, so that cut points tell
/// nothing to who has no key. Fixed: blocks aligned to pages, for files that are changed in place.
#pragma once

#include <yore/base/bytes.h>
#include <yore/crypto/secret.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace yore::chunker {

/// `min` is at least 64; `min` < `average` < `max`.
struct Sizes {
    std::uint32_t min = 32u << 10;
    std::uint32_t average = 128u << 10;  ///< a power of two; where cutting gets likelier
    std::uint32_t max = 512u << 10;
};
inline constexpr std::uint32_t fixed_block_bytes = 128u << 10;
inline constexpr std::uint32_t log_block_bytes = 256u << 10;

/// One random-looking word for each value of a byte: HMAC-SHA-256 of counters under the key.
/// Part of the format: the same key gives the same cuts for ever.
class GearTable {
  public:
    explicit GearTable(const crypto::SecretKey& gear_key);
    ~GearTable();
    using Words = std::array<std::uint64_t, 256>;
    const Words& words() const { return words_; }
    const Words& doubled() const { return doubled_; }  ///< each word shifted left by one

  private:
    Words words_, doubled_;
};

/// Any thread. The table outlives it.
class FastCdc {
  public:
    explicit FastCdc(const GearTable&, Sizes = {});
    /// The length of the first chunk of `data`, at most `sizes.max`; 0 for none. `data` holds at
    /// least `sizes.max` bytes or ends where the file ends. Whether a chunk can end at some place
    /// depends on the 64 bytes before it alone, so that equal runs of bytes soon get equal cuts.
    std::size_t cut(ByteView data) const;
    const Sizes& sizes() const { return sizes_; }

  private:
    const GearTable& gear_;
    Sizes sizes_;
    std::uint64_t mask_early_, mask_late_;
};

enum class Cutting {
    content_defined,
    fixed,  ///< blocks of `fixed_block_bytes`, of which changed ones become deltas
    log,    ///< blocks of `log_block_bytes`: written once, and read from one end to the other
};
struct FileShape {
    std::string_view name;    ///< last component
    std::string_view parent;  ///< path of its directory as given, for `base/16384/2619`
    std::uint64_t size = 0;
    ByteView first_bytes;  ///< up to 4 KiB, for magic numbers; may be empty
};
/// Fixed for what looks like pages that are changed in place, by name, alignment and magic number:
/// PostgreSQL relation files and their forks, InnoDB tablespaces, undo and redo logs, Aria files,
/// SQLite and LMDB databases, SQL Server files, disk images. Log: PostgreSQL's WAL segments.
Cutting choose_cutting(const FileShape&);

}  // namespace yore::chunker
