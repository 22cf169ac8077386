// SPDX-License-Identifier: Apache-2.0
/// The catalog's records as FlatBuffers (src/format/catalog.fbs). Encoding is deterministic.
#pragma once

#include "catalog/keys.h"

namespace yore::catalog {

Bytes encode_next_source(std::uint32_t next_source);
Bytes encode(const Source&);
/// Holds what the key does not: not `source`, `name`, `ended`.
Bytes encode(const Snapshot&);

// What is not such a record, or not within its limits, is `corrupt`; a kind or outcome that this
// version does not know is `unsupported`.
std::uint32_t decode_next_source(ByteView);
Source decode_source(std::uint32_t id, ByteView);
Snapshot decode_snapshot(const SnapshotKey&, ByteView);

}  // namespace yore::catalog
