// SPDX-License-Identifier: Apache-2.0
/// Where a directory's listing goes on.
///
/// The kernel resumes a listing by the offset that the last entry carried, and we keep nothing for
/// an open directory. An offset is the entry's place in the listing; the name at that place is
/// remembered for the listings that are under way, so that resuming costs a lookup.
#pragma once

#include <yore/base/guarded.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "mount/inode_table.h"

namespace yore::mount {

class ListingPositions {
  public:
    /// The entry before `offset` has this name.
    void remember(NodeNumber directory, std::uint64_t offset, std::string_view name) {
        kept_.with([&](Kept& kept) {
            const auto [at, is_new] = kept.names.insert_or_assign({directory, offset}, name);
            if (!is_new) return;
            kept.order.push_back(at->first);
            if (kept.order.size() <= positions_max) return;
            kept.names.erase(kept.order.front());
            kept.order.pop_front();
        });
    }
    std::optional<std::string> name_before(NodeNumber directory, std::uint64_t offset) const {
        return kept_.with([&](const Kept& kept) -> std::optional<std::string> {
            const auto found = kept.names.find({directory, offset});
            return found == kept.names.end() ? std::nullopt : std::optional(found->second);
        });
    }

  private:
    static constexpr std::size_t positions_max = 4096;
    using Key = std::pair<NodeNumber, std::uint64_t>;
    struct Kept {
        std::map<Key, std::string> names;
        std::deque<Key> order;  ///< oldest first
    };
    Guarded<Kept> kept_;
};

}  // namespace yore::mount
