// SPDX-License-Identifier: Apache-2.0
/// Plain bytes to sealed bytes and back: compression, then the seal.
#pragma once

#include <yore/base/bytes.h>
#include <yore/format/ids.h>

#include <cstddef>
#include <optional>

#include "store/compression.h"
#include "store/seal.h"

namespace yore::store {

/// Any thread.
class Codec {
  public:
    explicit Codec(const SealKeys& keys) : keys_(keys) {}

    /// Compressed when that saves at least 1/32, else raw.
    Buffer pack(const Sealer&, const SealName&, ByteView plain, Effort) const;
    /// What a delta is against. As most likely the whole object would take as much as its base
    /// does, a delta far smaller than `stored_bytes` is taken without trying.
    struct Base {
        ByteView plain;
        std::uint32_t stored_bytes;
    };
    /// As a delta against the object with the id `name.base`. If that would take more than half of
    /// what `pack` makes there is no delta, but perhaps, when it was tried, what `pack` makes.
    struct Delta {
        std::optional<Buffer> delta, whole;
    };
    Delta pack_delta(const Sealer&, const SealName&, ByteView plain, const Base&, Effort) const;

    /// `base` is empty when `name.base` is. `corrupt`: damaged, or not what its name says.
    /// `sealed` is used as scratch.
    Buffer unpack(MutableBytes sealed, const SealName&, ByteView base,
                  std::size_t plain_bytes_max) const;

  private:
    /// False: these are not so many bytes.
    [[nodiscard]] bool decompress(Compression, ByteView body, ByteView base,
                                  MutableBytes plain) const;

    const SealKeys& keys_;
    Compressor compressor_;
};

}  // namespace yore::store
