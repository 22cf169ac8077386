// SPDX-License-Identifier: Apache-2.0
/// The snapshot that a new one of the same source begins from.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/tree/directory.h>

#include <optional>

namespace yore::ingest {

/// Both or neither is there.
struct Before {
    std::optional<catalog::Snapshot> snapshot;  ///< the newest
    std::optional<tree::EntryView> root;        ///< in it the entry of the source's directory
};

/// Damage there costs time, never the new snapshot: it is logged, and then there is none.
Before find_before(const catalog::Catalog&, const store::ObjectCache&, const catalog::Source&);

}  // namespace yore::ingest
