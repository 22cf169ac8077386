// SPDX-License-Identifier: Apache-2.0
/// Changes of names: made, linked, removed, renamed.
#include <yore/base/error.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "clone/acl.h"
#include "clone/state.h"

namespace yore::clone {
namespace {

constexpr std::uint32_t links_max = 65000;  // ext4's

const tree::Xattr* find_xattr(const InodeRow& row, std::string_view name) {
    for (const tree::Xattr& xattr : row.xattrs)
        if (xattr.name == name) return &xattr;
    return nullptr;
}

/// What a new file has from its directory: its group, its ACLs, and what they leave of `mode`.
void inherit(const InodeRow& directory, const view::Creator& creator, InodeRow& row) {
    const bool is_directory = S_ISDIR(row.mode);
    if (directory.mode & S_ISGID) {
        row.gid = directory.gid;
        if (is_directory) row.mode |= S_ISGID;
    }
    const tree::Xattr* const from =
        S_ISLNK(row.mode) ? nullptr : find_xattr(directory, default_acl);
    auto acl = from ? Acl::parse(from->value) : std::nullopt;
    if (!acl) {
        if (!S_ISLNK(row.mode)) row.mode &= ~(creator.umask & 0777);
        return;
    }
    row.mode = (row.mode & ~mode_t{0777}) | acl->restrict_to(row.mode);
    if (!acl->is_plain()) row.xattrs.push_back({std::string(access_acl), acl->value(), {}, 0});
    if (is_directory) row.xattrs.push_back(*from);
}

struct Renaming {
    InodePointer from, to;  ///< directories
    InodePointer moved = nullptr, replaced = nullptr;
    bool moves_directory = false, replaces_directory = false;
};

/// Rows that change together: of each inode a copy, which takes its place when all are written.
/// Mutexes are taken in the order of the inodes' numbers.
class Edit {
  public:
    Edit(Clone::State& state, std::vector<InodePointer> inodes) : state_(state) {
        std::ranges::sort(inodes, {}, [](const InodePointer& inode) { return inode->number; });
        const auto repeated = std::ranges::unique(inodes);
        inodes.erase(repeated.begin(), repeated.end());
        for (InodePointer& inode : inodes) {
            std::unique_lock lock(inode->mutex);
            state_.mark_above(*inode);
            InodeRow row = state_.row_or_entry(*inode);
            changed_.push_back({std::move(inode), std::move(lock), std::move(row)});
        }
    }

    /// Of one of them.
    InodeRow& row(const InodePointer& inode) {
        const auto found = std::ranges::find(changed_, inode, &Changed::inode);
        YORE_ENSURE(found != changed_.end());
        return found->row;
    }
    std::vector<store::RowChange>& changes() { return changes_; }

    /// One name fewer leads there.
    void unlink(const InodePointer& inode, bool is_directory) {
        InodeRow& edited = row(inode);
        edited.link_count = is_directory || edited.link_count == 0 ? 0 : edited.link_count - 1;
        edited.changed = now();
        if (edited.link_count == 0) changes_.push_back({orphan_key(inode->number), Bytes()});
    }
    /// A name of the directory leads elsewhere from now on.
    void touch_names(const InodePointer& directory) {
        InodeRow& edited = row(directory);
        edited.has_rows = true;
        edited.modified = edited.changed = now();
    }
    void remove_directory_from(const InodePointer& directory) {
        std::uint32_t& links = row(directory).link_count;
        if (links > 2) --links;
    }
    void rename(const Renaming&, view::RenameMode);
    void commit() {
        for (const Changed& one : changed_)
            changes_.push_back(put_inode(one.inode->number, one.row));
        state_.table.write(changes_);
        for (Changed& one : changed_) {
            one.inode->row = std::make_unique<InodeRow>(std::move(one.row));
            one.lock.unlock();
        }
    }
    /// After `commit`: what has no name any more and no users goes.
    void release() {
        for (const Changed& one : changed_) state_.release(*one.inode);
    }
    Timestamp now() const { return state_.clock.now(); }

  private:
    struct Changed {
        InodePointer inode;
        std::unique_lock<std::shared_mutex> lock;
        InodeRow row;
    };
    Clone::State& state_;
    std::vector<Changed> changed_;
    std::vector<store::RowChange> changes_;
};

void Edit::rename(const Renaming& renaming, view::RenameMode mode) {
    const bool is_exchange = mode == view::RenameMode::exchange;
    row(renaming.moved).changed = now();
    touch_names(renaming.from);
    touch_names(renaming.to);
    if (renaming.replaced && is_exchange) row(renaming.replaced).changed = now();
    if (renaming.replaced && !is_exchange) unlink(renaming.replaced, renaming.replaces_directory);
    if (renaming.moves_directory) {
        remove_directory_from(renaming.from);
        ++row(renaming.to).link_count;
    }
    if (renaming.replaces_directory) {
        remove_directory_from(renaming.to);
        if (is_exchange) ++row(renaming.from).link_count;
    }
}

std::optional<view::Refusal> check_rename(const Clone::State& state, const Child& moved,
                                          const std::optional<Child>& replaced,
                                          view::RenameMode mode) {
    if (mode == view::RenameMode::no_replace && replaced) return std::errc::file_exists;
    if (mode == view::RenameMode::exchange)
        return replaced ? std::nullopt : std::optional(std::errc::no_such_file_or_directory);
    if (!replaced || replaced->number == moved.number) return std::nullopt;
    if (S_ISDIR(moved.type) && !S_ISDIR(replaced->type)) return std::errc::not_a_directory;
    if (!S_ISDIR(moved.type) && S_ISDIR(replaced->type)) return std::errc::is_a_directory;
    if (S_ISDIR(replaced->type) && !state.is_empty(*state.load(*replaced)))
        return std::errc::directory_not_empty;
    return std::nullopt;
}

/// What the name led to when it goes, or gives way: what the tree below has stays hidden.
store::RowChange taken_name(const Clone::State& state, const InodePointer& directory,
                            std::string_view name) {
    if (state.is_below(*directory, name)) return put_name(directory->number, name, {});
    return {name_key(directory->number, name), std::nullopt};
}

}  // namespace

view::Outcome<struct stat> Clone::make(view::InodeNumber number, std::string_view name,
                                       const view::NewFile& file, const view::Creator& creator) {
    return state_->with_space([&]() -> view::Outcome<struct stat> {
        const std::unique_lock lock(state_->names);
        const InodePointer directory = state_->find(number);
        if (!directory) return view::stale_inode;
        if (state_->child_of(*directory, name)) return std::errc::file_exists;
        const InodePointer made = std::make_shared<Inode>(state_->new_number(), InodeRow());
        Edit edit(*state_, {directory, made});
        InodeRow& above = edit.row(directory);
        if (above.link_count == 0) return std::errc::no_such_file_or_directory;
        if (S_ISDIR(file.mode) && above.link_count >= links_max) return std::errc::too_many_links;
        InodeRow& row = edit.row(made);
        row.mode = file.mode;
        row.uid = creator.uid;
        row.gid = creator.gid;
        row.link_count = S_ISDIR(file.mode) ? 2 : 1;
        row.device = file.device;
        row.target = file.target;
        row.accessed = row.modified = row.changed = edit.now();
        inherit(above, creator, row);
        if (S_ISDIR(file.mode)) ++above.link_count;
        edit.touch_names(directory);
        edit.changes().push_back(
            put_name(number, name, {made->number, file.mode & mode_t{S_IFMT}}));
        edit.commit();
        return state_->known_status(made);
    });
}

view::Outcome<struct stat> Clone::link(view::InodeNumber from, view::InodeNumber number,
                                       std::string_view name) {
    return state_->with_space([&]() -> view::Outcome<struct stat> {
        const std::unique_lock lock(state_->names);
        const InodePointer inode = state_->find(from), directory = state_->find(number);
        if (!inode || !directory) return view::stale_inode;
        if (state_->child_of(*directory, name)) return std::errc::file_exists;
        Edit edit(*state_, {inode, directory});
        InodeRow& row = edit.row(inode);
        if (S_ISDIR(row.mode)) return std::errc::operation_not_permitted;
        if (row.link_count == 0 || edit.row(directory).link_count == 0)
            return std::errc::no_such_file_or_directory;
        if (row.link_count >= links_max) return std::errc::too_many_links;
        ++row.link_count;
        row.changed = edit.now();
        edit.touch_names(directory);
        edit.changes().push_back(put_name(number, name, {from, row.mode & mode_t{S_IFMT}}));
        edit.commit();
        return state_->known_status(inode);
    });
}

view::Refusal Clone::remove(view::InodeNumber number, std::string_view name,
                            view::RemoveKind kind) {
    return state_->with_space([&]() -> view::Refusal {
        const std::unique_lock lock(state_->names);
        const InodePointer directory = state_->find(number);
        if (!directory) return view::stale_inode;
        const auto child = state_->child_of(*directory, name);
        if (!child) return std::errc::no_such_file_or_directory;
        const bool is_directory = S_ISDIR(child->type);
        if (is_directory && kind == view::RemoveKind::file) return std::errc::is_a_directory;
        if (!is_directory && kind == view::RemoveKind::directory) return std::errc::not_a_directory;
        const InodePointer inode = state_->load(*child);
        if (is_directory && !state_->is_empty(*inode)) return std::errc::directory_not_empty;
        const store::RowChange taken = taken_name(*state_, directory, name);
        Edit edit(*state_, {inode, directory});
        edit.unlink(inode, is_directory);
        edit.touch_names(directory);
        if (is_directory) edit.remove_directory_from(directory);
        edit.changes().push_back(taken);
        edit.commit();
        edit.release();
        return {};
    });
}

view::Refusal Clone::rename(const Place& from, const Place& to, view::RenameMode mode) {
    return state_->with_space([&]() -> view::Refusal {
        const std::unique_lock lock(state_->names);
        Renaming renaming{.from = state_->find(from.directory), .to = state_->find(to.directory)};
        if (!renaming.from || !renaming.to) return view::stale_inode;
        const auto moved = state_->child_of(*renaming.from, from.name);
        const auto replaced = state_->child_of(*renaming.to, to.name);
        if (!moved) return std::errc::no_such_file_or_directory;
        if (const auto refused = check_rename(*state_, *moved, replaced, mode)) return *refused;
        const bool is_exchange = mode == view::RenameMode::exchange;
        if (replaced && replaced->number == moved->number) return {};  // two names of one file
        renaming.moved = state_->load(*moved);
        renaming.moves_directory = S_ISDIR(moved->type);
        if (replaced) {
            renaming.replaced = state_->load(*replaced);
            renaming.replaces_directory = S_ISDIR(replaced->type);
        }
        const store::RowChange left =
            is_exchange ? put_name(from.directory, from.name, {replaced->number, replaced->type})
                        : taken_name(*state_, renaming.from, from.name);
        std::vector<InodePointer> inodes{renaming.from, renaming.to, renaming.moved};
        if (renaming.replaced) inodes.push_back(renaming.replaced);
        Edit edit(*state_, std::move(inodes));
        edit.rename(renaming, mode);
        edit.changes().push_back(left);
        edit.changes().push_back(put_name(to.directory, to.name, {moved->number, moved->type}));
        edit.commit();
        edit.release();
        return {};
    });
}

}  // namespace yore::clone
