// SPDX-License-Identifier: Apache-2.0
/// After which small file a group ends: a keyed hash of the file's bytes says so, so that the same
/// files in the same order form the same groups again, also behind one that came or went.
#pragma once

#include <yore/base/bytes.h>
#include <yore/crypto/secret.h>

#include <array>
#include <cstdint>

namespace yore::ingest {

/// Measured in docs/decisions/2026-11-21-chunk-sizes.md.
struct GroupSizes {
    std::uint32_t file_below = 32u << 10;  ///< only files smaller than this share chunks
    std::uint32_t min = 64u << 10;
    std::uint32_t average = 256u << 10;
    std::uint32_t max = 512u << 10;
};

class GroupRule {
  public:
    GroupRule(const crypto::SecretKey& gear_key, const GroupSizes&);
    ~GroupRule();

    const GroupSizes& sizes() const { return sizes_; }
    /// `group_bytes` counts `content`, the last file. A file ends a group with a probability in
    /// proportion to its size, so that groups of many tiny files and of few larger ones are alike.
    bool ends_after(ByteView content, std::size_t group_bytes) const;

  private:
    GroupSizes sizes_;
    std::array<std::byte, 192> secret_;
};

}  // namespace yore::ingest
