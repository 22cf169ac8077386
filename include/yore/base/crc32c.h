// SPDX-License-Identifier: Apache-2.0
/// CRC-32C (Castagnoli; RFC 3720, B.4), with which PostgreSQL protects WAL records, `pg_control`
/// and the files of a base backup.
#pragma once

#include <yore/base/bytes.h>

#include <cstdint>

namespace yore {

/// Of bytes that come in pieces. With the CPU's instruction where there is one.
class Crc32c {
  public:
    /// Goes on behind bytes of which this is the sum.
    static Crc32c after(std::uint32_t value);

    void add(ByteView);
    /// Of all that was added so far; of nothing: 0.
    std::uint32_t value() const { return ~state_; }

  private:
    std::uint32_t state_ = ~0U;
};

std::uint32_t crc32c(ByteView);

}  // namespace yore
