// SPDX-License-Identifier: Apache-2.0
/// What a Clone keeps, and what its calls are made of.
///
/// Locks, in this order: `names` (shared to look names up, alone to change them), `writes`, then
/// inodes' mutexes. Who holds `names` alone may take several of these, by their numbers.
#pragma once

#include <yore/base/error.h>
#include <yore/clone/clone.h>
#include <yore/view/identity.h>

#include <functional>
#include <shared_mutex>
#include <thread>

#include "clone/contents.h"
#include "clone/inodes.h"

namespace yore::clone {

/// Where things lie in a clone's directory.
inline std::string table_path(const std::string& directory) {
    return directory + "/table";
}
inline std::string clock_path(const std::string& directory) {
    return directory + "/clock";
}
inline std::string files_path(const std::string& directory) {
    return directory + "/files";
}

/// A name, and what it leads to.
struct Child {
    InodeNumber number = 0;
    mode_t type = 0;
    std::optional<Lower> lower;  ///< as the tree below has it, unless the inode has a row
    std::shared_ptr<const Above> above = nullptr;  ///< where the tree below has it
};

std::uint64_t random_salt();

struct Clone::State {
    State(const store::ObjectCache&, const view::Identities&, std::string directory,
          const NodeId& root, const CloneOptions&);
    ~State();

    // Inodes (state.cc).
    /// Not known: null.
    InodePointer find(InodeNumber number) const {
        return number == view::writable_root ? root : inodes.find(number);
    }
    /// Known, or as its row or the tree below says; kept by nobody else.
    InodePointer load(const Child&) const;
    tree::EntryView entry(const Lower& lower) const {
        return tree::entry_at(cache, lower.leaf, lower.place);
    }
    /// Its mutex is held: alone for `give_row`, shared for the others.
    void give_row(Inode&);
    /// Before it gets its first row, so that what changed is found from the top.
    void mark_above(const Inode&);
    InodeRow row_or_entry(const Inode&) const;
    struct stat status(const Inode&) const;
    /// Takes its mutex.
    struct stat locked_status(Inode&) const;
    struct stat known_status(const InodePointer& inode);
    /// The inode, ready to be read, with its mutex held.
    std::shared_lock<std::shared_mutex> lock_to_read(Inode&);
    /// One without names and without users: its rows and bytes go. Else nothing. `names` is held.
    void release(const Inode&);
    void remove_doomed();
    InodeNumber new_number();

    /// Runs what may find the disk full: what was removed gives its space back first, then it is
    /// tried once more, then refused.
    template <typename Body>
    auto with_space(Body&& body) -> decltype(body()) {
        for (bool again : {true, false}) {
            try {
                return body();
            } catch (const Error& error) {
                if (error.code() != Errc::no_space) throw;
            }
            if (again) remove_doomed();
        }
        return std::errc::no_space_on_device;
    }

    // Names (names.cc); `names` is held.
    struct Directory {
        std::optional<NodeId> below;  ///< its names in the tree below
        view::Identity identity;
        bool has_rows = false;
        std::shared_ptr<const Above> self;
    };
    Directory directory_of(const Inode&) const;
    Child child_below(const Directory&, const tree::EntryView&) const;
    std::optional<Child> child_of(const Inode& directory, std::string_view name) const;
    bool is_below(const Inode& directory, std::string_view name) const;
    bool is_empty(const Inode& directory) const;
    /// In the order of names; `visit` returns false to stop.
    void visit_names(const Inode& directory,
                     const std::function<bool(std::string_view, const Child&)>& visit) const;

    const store::ObjectCache& cache;
    const view::Identities& identities;
    const std::string home;  ///< its directory
    store::LocalTable table;
    DataFiles files;
    const FileClock clock;
    mutable Contents contents;
    InodePointer root;
    Inodes inodes;
    mutable std::shared_mutex names;
    /// Shared by who changes bytes or attributes, alone by who wants them to stay.
    std::shared_mutex writes;
    TableHead head;  ///< guarded by `names`
    InodeNumber next_number = 0;

  private:
    void remove_orphans();
    void remove_rows(const Inode&);
    bool is_wanted(const DataName&) const;
    void run(const std::stop_token&);

    std::jthread remover_;  ///< of doomed files
};

}  // namespace yore::clone
