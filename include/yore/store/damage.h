// SPDX-License-Identifier: Apache-2.0
/// What was found damaged, until it is stored anew.
///
/// From the commit that marks an object on, a Writer takes it for not stored, and so a delta
/// against it: the next backup that meets the content stores it anew, and the commit that does so
/// makes the index lead to the new copy and the mark say so. Reading goes on to try: damage may
/// have been the cable's.
#pragma once

#include <yore/format/damage_mark.h>
#include <yore/store/store.h>

#include <span>
#include <vector>

namespace yore::store {

/// Any thread. The Store outlives it.
class DamageMarks {
  public:
    explicit DamageMarks(const Store& store);

    /// An object and where it was read.
    struct Found {
        Domain domain = Domain::chunk;
        format::ObjectId id{};
        Location location;
    };
    /// One commit. What the index leads elsewhere to by now is left out, and what is marked.
    static void mark(Store&, std::span<const Found>);
    /// One commit: told, or found to be whole.
    static void remove(Store&, std::span<const format::DamageMark>);

    /// By id. A record that is damaged is left out, and the log says so.
    std::vector<format::DamageMark> all() const;
    /// Whether there is any that is damaged. Costs a load.
    bool any() const;
    /// Marked as damaged, or a delta whose base is. What is not stored is neither.
    bool contains(const ChunkId&) const;
    bool contains(const NodeId&) const;

  private:
    const StoreState& store_;
};

}  // namespace yore::store
