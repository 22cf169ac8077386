// SPDX-License-Identifier: Apache-2.0
/// A block of pages told by the block that it replaces: which pages differ, and these compressed
/// with what stood in their places as prefix.
///
///     check   u32   XXH3 of the plain bytes, its lower half
///     mask    a bit for each page of the plain bytes, from the lowest of the first byte: it
///     differs frame   zstd: the pages that differ, one after the other; the prefix is those bytes
///     of
///             the base that stand where they do. None differs: no frame
///
/// A page that does not differ is the base's at the same offset; the last one may be short.
#pragma once

#include <yore/base/bytes.h>

#include <cstddef>
#include <optional>

#include "store/compression.h"

namespace yore::store {

/// The smallest page of the databases that we know; larger ones often change in one part only.
inline constexpr std::size_t delta_page_bytes = 4u << 10;

/// Returns the size in `out`; nullopt: it does not fit.
std::optional<std::size_t> make_delta(const Compressor&, ByteView plain, ByteView base,
                                      MutableBytes out);

/// Fills `plain` exactly. False: not a delta of so many bytes, or not one against this base.
[[nodiscard]] bool apply_delta(const Compressor&, ByteView delta, ByteView base,
                               MutableBytes plain);

}  // namespace yore::store
