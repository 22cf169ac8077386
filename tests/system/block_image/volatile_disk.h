// SPDX-License-Identifier: Apache-2.0
/// A disk with a write cache that loses its content when the power is cut.
///
/// Writes stay in memory until a flush moves them to the backing file. When the power is cut, what
/// was not flushed is lost, or a random half of it is: disks write back in any order.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/fd.h>

#include <array>
#include <cstdint>
#include <map>

namespace yore::block_image {

inline constexpr std::size_t sector_bytes = 512;  ///< what a real disk writes whole or not at all

enum class Unflushed { lost, half_kept };

struct PowerCut {
    Unflushed unflushed = Unflushed::lost;
    std::uint64_t seed = 0;  ///< which half is kept
};

struct DiskCounts {
    std::uint64_t writes = 0, flushes = 0;  ///< requests before the cut
    std::uint64_t sectors_lost = 0;
    bool cut = false;
};

/// One thread at a time. Offsets and lengths are whole sectors; others are `invalid`.
class VolatileDisk {
  public:
    VolatileDisk(Fd backing, PowerCut);

    std::uint64_t size() const { return size_; }
    const DiskCounts& counts() const { return counts_; }

    /// Returns the bytes read: fewer than asked only at the end.
    std::size_t read(std::uint64_t offset, MutableBytes into) const;
    /// Without power: `io`.
    void write(std::uint64_t offset, ByteView);
    void flush();
    /// The n-th write from now, from 1, is the first to fail.
    void cut_at_write(std::uint64_t n) { cut_at_ = counts_.writes + n; }
    /// Now; a second cut changes nothing.
    void cut();

  private:
    using Sector = std::array<std::byte, sector_bytes>;

    void ensure_power() const;
    void write_back();

    Fd backing_;
    PowerCut plan_;
    std::uint64_t cut_at_ = 0;  ///< a write request counted from 1; 0: none
    std::uint64_t size_ = 0;
    std::map<std::uint64_t, Sector> unflushed_;  ///< by offset
    DiskCounts counts_;
};

}  // namespace yore::block_image
