// SPDX-License-Identifier: Apache-2.0
/// The snapshots of a source without their records: all that answers which one is meant.
#pragma once

#include <yore/catalog/snapshot.h>

#include <cstdint>
#include <vector>

namespace yore::catalog {

struct SnapshotLine {
    struct Item {
        SnapshotName name;
        Timestamp ended;
        Timestamp latest_end;  ///< of this one and all before it: never falls
        std::optional<SnapshotLog> log;
    };
    std::vector<Item> items;  ///< by name

    /// Places of those taken beside a log, by incarnation and `consistent`; of equals the one that
    /// ended first comes last.
    std::vector<std::uint32_t> bases;

    /// The last one before the first that ended later than this. None: nullptr.
    const Item* at_or_before(Timestamp moment) const;
};

}  // namespace yore::catalog
