// SPDX-License-Identifier: Apache-2.0
/// The catalog's records as FlatBuffers (src/format/catalog.fbs). Encoding is deterministic.
#pragma once

#include "catalog/keys.h"

namespace yore::catalog {

/// The numbers that the next of each kind gets.
struct Counters {
    std::uint32_t next_source = 1, next_hold = 1;
    bool operator==(const Counters&) const = default;
};

Bytes encode(const Counters&);
Bytes encode(const Source&);
/// Holds what the key does not: not `source`, `number`.
Bytes encode(const Hold&);
/// Holds what the key does not: not `source`, `name`, `ended`.
Bytes encode(const Snapshot&);

/// What makes it unfit to be stored, or nullptr.
const char* problem_in(const Hold&);

// What is not such a record, or not within its limits, is `corrupt`; a kind or outcome that this
// version does not know is `unsupported`.
Counters decode_counters(ByteView);
Source decode_source(std::uint32_t id, ByteView);
Hold decode_hold(const HoldKey&, ByteView);
Snapshot decode_snapshot(const SnapshotKey&, ByteView);

}  // namespace yore::catalog
