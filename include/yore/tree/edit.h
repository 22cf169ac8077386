// SPDX-License-Identifier: Apache-2.0
/// Changes a tree name by name: a new tree that shares with the old one all that was not touched.
///
/// Touched directories are kept in memory as their changes; each is written once, at the end. Cost:
/// the entries of the directories that changed, and of those on the way to them.
#pragma once

#include <yore/tree/directory.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace yore::tree {

/// Paths are as in format::JournalRecord; "" is the source's directory. A parent that is not a
/// directory of the tree: `corrupt`, and the edit is of no more use. One thread at a time.
class TreeEdit {
  public:
    /// `root` as catalog::Snapshot::root. The cache outlives the edit.
    TreeEdit(const store::ObjectCache&, NodeId root);
    /// From a source's directory with nothing in it, whose own entry is still to be told (update).
    explicit TreeEdit(const store::ObjectCache&);

    /// The name is this from now on; a directory with all below its `child`, none: with nothing.
    /// `entry.name` is ignored.
    void put(std::string_view path, Entry);
    /// The same, but a directory that takes a directory's place has what is in that one.
    void update(std::string_view path, Entry);
    /// Absent: nothing.
    void remove(std::string_view path);
    /// Takes the place of what is at `to`. Nothing at `from`: nothing. To below itself: `corrupt`.
    void move(std::string_view from, std::string_view to);

    /// Writes what changed, parents after children. Once.
    DirectoryBuilder::Built finish(store::NodeSink&, const NodeBounds&);

  private:
    struct Changes;
    /// A name as it is now.
    struct Item {
        Entry entry;
        Changes* below = nullptr;  ///< of a directory that was gone into: in place of its child
    };
    /// Of one directory.
    struct Changes {
        std::optional<NodeId> before;                                   ///< none: it was empty
        std::map<std::string, std::optional<Item>, std::less<>> items;  ///< nullopt: is gone
    };
    struct Slot {
        Changes& directory;
        std::string_view name;
    };

    Slot slot(std::string_view path);
    Item* find(Changes&, std::string_view name);
    Changes& enter(Item&);
    void check_top(std::string_view path, const Entry&) const;
    static DirectoryBuilder::Built write(const store::ObjectCache&, const Changes&,
                                         DirectoryBuilder);

    const store::ObjectCache& cache_;
    std::deque<Changes> directories_;  ///< the first is the one above the source's directory
};

}  // namespace yore::tree
