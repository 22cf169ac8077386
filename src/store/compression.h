// SPDX-License-Identifier: Apache-2.0
/// zstd, with contexts that are kept: bytes alone, or with others before them as a prefix.
#pragma once

#include <yore/base/bytes.h>
#include <yore/store/writer.h>

#include <cstddef>
#include <optional>

#include "store/pool.h"

namespace yore::store {

/// How long to search, and for what.
struct Effort {
    int level;  ///< of zstd
    Content content = Content::any;
};

/// Any thread.
class Compressor {
  public:
    Compressor();
    ~Compressor();

    /// Compresses into `out`; returns the size. Nullopt: it does not fit, or (without trying the
    /// whole) samples of it did not compress.
    std::optional<std::size_t> compress(ByteView plain, Effort, MutableBytes out) const;
    /// What `prefix` holds too costs next to nothing. Searches longer than the levels that are
    /// about as fast: docs/decisions/2026-11-21-page-deltas.md.
    std::optional<std::size_t> compress_against(ByteView plain, ByteView prefix,
                                                MutableBytes out) const;

    /// Fills `plain` exactly; `prefix` as when it was compressed. False: not a frame, or not one of
    /// exactly that many bytes.
    [[nodiscard]] bool decompress(ByteView compressed, ByteView prefix, MutableBytes plain) const;

  private:
    class Packer;
    class Unpacker;
    bool looks_compressible(ByteView plain) const;
    mutable Pool<Packer> packers_;
    mutable Pool<Packer> probes_;  ///< apart: a context whose level changes clears its tables
    mutable Pool<Unpacker> unpackers_;
};

}  // namespace yore::store
