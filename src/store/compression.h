// SPDX-License-Identifier: Apache-2.0
/// zstd, with contexts that are kept: whole, or as a delta against another object's plain bytes.
#pragma once

#include <yore/base/bytes.h>

#include <cstddef>
#include <optional>

#include "store/pool.h"

namespace yore::store {

/// Any thread.
class Compressor {
  public:
    Compressor();
    ~Compressor();

    /// Compresses into `out`; returns the size. Nullopt: it does not fit, or (without trying the
    /// whole) samples of it did not compress.
    std::optional<std::size_t> compress(ByteView plain, int level, MutableBytes out) const;
    /// The same as a delta: what `base` holds too costs next to nothing.
    std::optional<std::size_t> compress_delta(ByteView plain, ByteView base, int level,
                                              MutableBytes out) const;

    /// Fills `plain` exactly; `base` is empty for what is not a delta. False: not a frame, or not
    /// one of exactly that many bytes.
    [[nodiscard]] bool decompress(ByteView compressed, ByteView base, MutableBytes plain) const;

  private:
    class Packer;
    class Unpacker;
    bool looks_compressible(ByteView plain, Packer&) const;
    mutable Pool<Packer> packers_;
    mutable Pool<Unpacker> unpackers_;
};

}  // namespace yore::store
