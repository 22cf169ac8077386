// SPDX-License-Identifier: Apache-2.0
/// Reads, opens and hashes one stored object.
#pragma once

#include <yore/store/damage.h>
#include <yore/store/object_cache.h>

#include <optional>
#include <string>

namespace yore::upkeep {

/// `chunk 91bc…`, `node 07aa…`.
std::string text_of(Domain, const format::ObjectId&);

struct CheckedObject {
    std::uint64_t bytes = 0;  ///< plain
    std::string text;         ///< what is wrong; empty: nothing
    /// What to mark for it: itself, or the base that is to blame. Nothing is wrong, or it is gone
    /// from the index: absent.
    std::optional<store::DamageMarks::Found> to_blame;
};
/// Any thread. What nothing needs may have lost its base to a collect, or its place in the index:
/// that is not wrong.
CheckedObject check_object(const store::ObjectCache&, const store::Store::Listed&);

}  // namespace yore::upkeep
