// SPDX-License-Identifier: Apache-2.0
/// A part of PostgreSQL's log, compressed without what can be computed from the rest of it.
///
/// Each record has a checksum, which no compressor makes shorter, and the position of the record
/// before it. Both follow from the records; without them compressed log is a tenth shorter:
/// docs/decisions/2026-11-22-log-records.md.
///
///     check   u32   XXH3 of the plain bytes, its lower half
///     count   u32   of so many records, from the first that begins in the part, these are zeros:
///                   the checksum; the position of the record before, if that is one of them
///     frame         zstd: all the bytes
///
/// The part begins where a page of 8 KiB does. (The layout: src/include/access/xlogrecord.h and
/// xlog_internal.h of PostgreSQL 13 to 18, as little-endian machines write it.)
#pragma once

#include <yore/base/bytes.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "store/compression.h"

namespace yore::store {

/// Returns the size in `out`; nullopt: it does not fit, or is no such log. What it returns was
/// undone and compared with `plain`.
std::optional<std::size_t> pack_log(const Compressor&, ByteView plain, Effort, MutableBytes out);

/// Fills `plain` exactly. False: not such a part of so many bytes.
[[nodiscard]] bool unpack_log(const Compressor&, ByteView packed, MutableBytes plain);

/// Puts zeros for what follows from the rest; returns in how many records. Those behind the first
/// one that is cut off or damaged stay as they are.
std::uint32_t take_out_of_records(MutableBytes log);
/// The reverse. False: there are not so many records.
[[nodiscard]] bool put_into_records(MutableBytes log, std::uint32_t count);

}  // namespace yore::store
