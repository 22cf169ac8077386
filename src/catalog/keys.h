// SPDX-License-Identifier: Apache-2.0
/// The keys of the catalog's records: a letter for the type, then big-endian numbers, so that keys
/// sort as what they stand for.
///
///     'c'                                         counters
///     's' source                                  a source
///     'n' source second ordinal ended             a snapshot; second and ended with the sign
///     flipped
///
/// When a snapshot ended is in its key so that a moment is resolved without opening records.
#pragma once

#include <yore/catalog/catalog.h>

#include <optional>

namespace yore::catalog {

struct SnapshotKey {
    std::uint32_t source = 0;
    SnapshotName name;
    Timestamp ended;
    bool operator==(const SnapshotKey&) const = default;
};

Bytes counters_key();
Bytes sources_prefix();
Bytes source_key(std::uint32_t source);
Bytes snapshots_prefix(std::uint32_t source);
Bytes snapshot_key(const SnapshotKey&);

/// Another length, letter or an ordinal out of range: `corrupt`.
std::uint32_t parse_source_key(ByteView);
SnapshotKey parse_snapshot_key(ByteView);

}  // namespace yore::catalog
