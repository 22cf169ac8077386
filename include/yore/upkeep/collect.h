// SPDX-License-Identifier: Apache-2.0
/// Gives back the space of what no record reaches.
///
/// Marks what is live, condemns packs in which little is, copies what is live in them, and drops
/// them whole; beside backups and mounts, in steps. Stopped or killed at any point nothing is lost,
/// and the next run goes on.
#pragma once

#include <yore/catalog/references.h>
#include <yore/format/ids.h>
#include <yore/store/object_cache.h>
#include <yore/store/store.h>

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string_view>
#include <vector>

namespace yore::upkeep {

/// What somebody reads though no record may name it any more.
struct InUse {
    std::vector<catalog::References> references;
    struct Place {
        NodeId leaf;
        std::uint32_t place = 0;
        auto operator<=>(const Place&) const = default;
    };
    std::vector<Place> entries;  ///< of directories' leaves: the file's bytes and attributes
};

struct CollectProgress {
    std::string_view phase;  ///< `marking`, `waiting` for backups that began before, `copying`
    std::uint64_t nodes = 0, chunks = 0;  ///< marked
    std::uint64_t packs_done = 0, packs_chosen = 0;
};

struct CollectOptions {
    bool dry_run = false;
    /// A pack of which less is live is copied and dropped: at 3/4, each byte that comes back costs
    /// at most three that are copied.
    double live_part_min = 0.75;
    /// Live bytes of the packs that are condemned in one step: about what the copies take on the
    /// disk before the first pack goes.
    std::uint64_t step_bytes = std::uint64_t{4} << 30;
    /// Asked before each step.
    std::function<InUse()> in_use = {};
    std::function<void(const CollectProgress&)> progress = {};
};

struct CollectResult {
    std::uint64_t packs = 0, stored_bytes = 0;  ///< before
    std::uint64_t live_bytes = 0;               ///< of them, what records reach
    std::uint64_t packs_dropped = 0, bytes_dropped = 0;
    std::uint64_t objects_copied = 0, bytes_copied = 0;
    std::uint64_t bytes_unused = 0;   ///< left in packs that are not worth it yet
    std::uint64_t packs_damaged = 0;  ///< kept, as something live in them cannot be read
};

/// A dry run says what would be done now. At most one at a time. A record that leads to a node that
/// is damaged, or to what is not there: `corrupt`, and nothing is dropped, as what else it needs is
/// not known. What cannot be copied keeps its pack, and is marked (store/damage.h). Stopped:
/// `cancelled`.
CollectResult collect(store::Store&, const store::ObjectCache&, const CollectOptions&,
                      std::stop_token);

}  // namespace yore::upkeep
