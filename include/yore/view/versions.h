// SPDX-License-Identifier: Apache-2.0
/// The versions of one path: each state of it that differs from the one before, over all snapshots
/// of a source, the trees that are stored along its log and the moments between them.
///
/// Where a directory on the path has the node that it had in the state before, nothing below it is
/// looked at, and not the journal between the two: what came and went in it left its directory with
/// another time. The cost follows the number of states and of changes, not the size of the trees.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>
#include <yore/view/moment.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace yore::view {

/// A state of the whole source.
struct StoredState {
    Timestamp time;
    std::variant<catalog::SnapshotName, NodeId> tree;  ///< a snapshot, or the root of a tree
    std::string name() const;                          ///< that opens it in `at/`
};
/// In the order of their times. Reads a record for each segment, none for snapshots.
std::vector<StoredState> states_of(const catalog::Catalog&, std::uint32_t source);

/// Its root, as catalog::Snapshot::root. The state is gone: nullopt.
std::optional<NodeId> root_of(const catalog::Catalog&, std::uint32_t source, const StoredState&);

/// What is at one path in one state after another.
class PathFollower {
  public:
    /// `path` is normal: no empty parts, `.` or `..`; "" is the source's directory.
    PathFollower(const catalog::Catalog&, const store::ObjectCache&, std::uint32_t source,
                 std::string_view path);
    /// The state is gone: nullptr. Else what is there then, perhaps nothing; until the next call.
    const std::optional<tree::EntryView>* go_to(const StoredState&);
    /// Whether its directory was another one than in the state before.
    bool moved() const { return moved_; }

  private:
    const catalog::Catalog& catalog_;
    const store::ObjectCache& cache_;
    std::uint32_t source_;
    std::vector<std::string> parts_;
    std::vector<NodeId> directories_;  ///< of the state before, from the root on
    std::optional<tree::EntryView> found_;
    bool moved_ = false;
};

struct Version {
    const StoredState& state;                     ///< the first in which it is so
    const std::optional<tree::EntryView>& entry;  ///< absent: it was gone
    bool content = true;  ///< whether its bytes differ from the version before
};
/// Oldest first, from the first state that has the path. `visit` returns false to stop. Without
/// `replay` only stored states are looked at; so it is for directories.
void scan_versions(const catalog::Catalog&, const store::ObjectCache&, std::uint32_t source,
                   std::string_view path, const Replay* replay,
                   const std::function<bool(const Version&)>& visit);

}  // namespace yore::view
