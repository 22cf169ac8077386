// SPDX-License-Identifier: Apache-2.0
/// Where one file's bytes are cut into chunks.
///
/// Content-defined: FastCDC (Xia et al., USENIX ATC 2016) with normalised chunking and a gear table
/// made from a repository key, so that cut points tell nothing to who has no key. Fixed: blocks
/// aligned to pages, for files that databases change in place.
#pragma once

#include <yore/base/bytes.h>
#include <yore/crypto/secret.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace yore::chunker {

struct Sizes {
    std::uint32_t min = 32u << 10;
    std::uint32_t average = 128u << 10;  ///< a power of two
    std::uint32_t max = 512u << 10;
};
inline constexpr std::uint32_t fixed_block_bytes = 64u << 10;

class GearTable {
  public:
    explicit GearTable(const crypto::SecretKey& gear_key);
    const std::array<std::uint64_t, 256>& values() const { return values_; }

  private:
    std::array<std::uint64_t, 256> values_;
};

class FastCdc {
  public:
    explicit FastCdc(const GearTable&, Sizes = {});
    /// The length of the first chunk of `data`, at most `sizes.max`. `data` holds at least
    /// `sizes.max` bytes or ends where the file ends. Depends on nothing but these bytes.
    std::size_t cut(ByteView data) const;
    const Sizes& sizes() const { return sizes_; }

  private:
    const GearTable& gear_;
    Sizes sizes_;
    std::uint64_t mask_early_, mask_late_;
};

enum class Cutting { content_defined, fixed };
struct FileShape {
    std::string_view name;     ///< last component
    std::string_view parent;   ///< path of its directory as given, for `base/16384/2619`
    std::uint64_t size = 0;
    ByteView first_bytes;      ///< up to 4 KiB, for magic numbers; may be empty
};
/// Fixed for what looks like pages that are changed in place: PostgreSQL relation files and their
/// forks, InnoDB tablespaces, undo and redo logs, SQLite databases, disk images.
Cutting choose_cutting(const FileShape&);

}  // namespace yore::chunker
