// SPDX-License-Identifier: Apache-2.0
/// Attributes and extended attributes.
#include <yore/base/error.h>

#include <algorithm>

#include "clone/acl.h"
#include "clone/state.h"

namespace yore::clone {
namespace {

constexpr std::string_view capability = "security.capability";

Timestamp wanted_time(const timespec& time, const Clock& clock) {
    return time.tv_nsec == UTIME_NOW ? clock.now() : to_timestamp(time);
}

tree::Xattr* find_xattr(InodeRow& row, std::string_view name) {
    for (tree::Xattr& xattr : row.xattrs)
        if (xattr.name == name) return &xattr;
    return nullptr;
}

void erase_xattr(InodeRow& row, std::string_view name) {
    std::erase_if(row.xattrs, [&](const tree::Xattr& xattr) { return xattr.name == name; });
}

void set_permissions(InodeRow& row, mode_t permissions) {
    row.mode = (row.mode & mode_t{S_IFMT}) | (permissions & 07777);
    tree::Xattr* const stored = find_xattr(row, access_acl);
    if (!stored) return;
    if (auto acl = Acl::parse(stored->value)) {
        acl->set_permissions(permissions);
        stored->value = acl->value();
    }
}

/// The permissions without what a change by `changer` takes.
mode_t without_set_ids(mode_t mode, gid_t group, const view::Changer& changer) {
    if (!changer || S_ISDIR(mode)) return mode;
    if ((mode & S_ISGID) && ((mode & S_IXGRP) || !changer(group))) mode &= ~mode_t{S_ISGID};
    return mode & ~mode_t{S_ISUID};
}

/// What the caller's bytes become in the row; refused: why.
view::Refusal put_xattr(InodeRow& row, std::string_view name, ByteView value) {
    if (name == access_acl || name == default_acl) {
        if (S_ISLNK(row.mode)) return std::errc::operation_not_supported;
        const auto acl = Acl::parse(value);
        if (!acl) return std::errc::invalid_argument;
        if (name == default_acl && !S_ISDIR(row.mode)) return std::errc::permission_denied;
        if (name == access_acl) {
            row.mode = (row.mode & ~mode_t{0777}) | acl->permissions();
            if (acl->is_plain()) {
                erase_xattr(row, name);
                return {};
            }
        }
    }
    tree::Xattr* stored = find_xattr(row, name);
    if (!stored) {
        const auto place = std::lower_bound(
            row.xattrs.begin(), row.xattrs.end(), name,
            [](const tree::Xattr& xattr, std::string_view wanted) { return xattr.name < wanted; });
        stored = &*row.xattrs.insert(place, tree::Xattr{std::string(name), {}, {}, 0});
    }
    *stored = {std::string(name), to_bytes(value), {}, 0};
    return {};
}

}  // namespace

view::Outcome<struct stat> Clone::attributes(view::InodeNumber number) {
    const InodePointer inode = state_->find(number);
    if (!inode) return view::stale_inode;
    return state_->locked_status(*inode);
}

view::Outcome<struct stat> Clone::change(view::InodeNumber number,
                                         const view::AttributeChange& change) {
    const InodePointer inode = state_->find(number);
    if (!inode) return view::stale_inode;
    return state_->with_space([&]() -> view::Outcome<struct stat> {
        const std::shared_lock others(state_->writes);
        const std::unique_lock lock(inode->mutex);
        state_->give_row(*inode);
        const bool is_regular = S_ISREG(inode->row->mode);
        if (change.size) {
            if (!is_regular) return std::errc::invalid_argument;
            const auto refused = state_->contents.truncate(*inode, *change.size);
            if (refused != view::Refusal()) return refused;
        }
        const bool changes_row = change.permissions || change.uid || change.gid ||
                                 change.accessed || change.modified || !change.size;
        if (!changes_row) return state_->status(*inode);
        InodeRow row = *inode->row;
        if (change.permissions) set_permissions(row, *change.permissions);
        if (change.uid) row.uid = *change.uid;
        if (change.gid) row.gid = *change.gid;
        if (change.accessed) row.accessed = wanted_time(*change.accessed, state_->clock);
        if (change.modified) row.modified = wanted_time(*change.modified, state_->clock);
        row.changed = state_->clock.now();
        state_->table.write({put_inode(number, row)});
        *inode->row = std::move(row);
        if (change.modified && is_regular)
            state_->contents.set_modified(*inode, to_timespec(inode->row->modified));
        return state_->status(*inode);
    });
}

view::Outcome<std::string> Clone::link_target(view::InodeNumber number) {
    const InodePointer inode = state_->find(number);
    if (!inode) return view::stale_inode;
    const std::shared_lock lock(inode->mutex);
    if (inode->row) return inode->row->target;
    return std::string(state_->entry(inode->lower.value()).target());
}

std::vector<std::string> Clone::xattr_names(view::InodeNumber number) {
    std::vector<std::string> names;
    const InodePointer inode = state_->find(number);
    if (!inode) return names;
    const std::shared_lock lock(inode->mutex);
    if (!inode->row && !state_->entry(inode->lower.value()).has_xattrs()) return names;
    for (tree::Xattr& xattr : state_->row_or_entry(*inode).xattrs)
        names.push_back(std::move(xattr.name));
    return names;
}

std::optional<Bytes> Clone::xattr(view::InodeNumber number, std::string_view name) {
    const InodePointer inode = state_->find(number);
    if (!inode) return std::nullopt;
    const std::shared_lock lock(inode->mutex);
    // Asked before each write, for what a write takes away.
    if (inode->row ? inode->row->xattrs.empty() : !state_->entry(inode->lower.value()).has_xattrs())
        return std::nullopt;
    InodeRow row = state_->row_or_entry(*inode);
    tree::Xattr* const found = find_xattr(row, name);
    if (!found) return std::nullopt;
    if (!found->chunk) return std::move(found->value);
    const auto chunk = state_->cache.chunk(*found->chunk);
    if (chunk->size() != found->size)
        throw Error(Errc::corrupt,
                    fmt::format("chunk {}: not as long as the xattr {} that it holds",
                                found->chunk->short_hex(), found->name));
    return to_bytes(*chunk);
}

view::Refusal Clone::set_xattr(view::InodeNumber number, std::string_view name, ByteView value,
                               view::XattrMode mode) {
    const InodePointer inode = state_->find(number);
    if (!inode) return view::stale_inode;
    return state_->with_space([&]() -> view::Refusal {
        const std::shared_lock others(state_->writes);
        const std::unique_lock lock(inode->mutex);
        state_->mark_above(*inode);
        InodeRow row = state_->row_or_entry(*inode);
        const bool is_there = find_xattr(row, name) != nullptr;
        if (mode == view::XattrMode::create && is_there) return std::errc::file_exists;
        if (mode == view::XattrMode::replace && !is_there) return view::no_such_xattr;
        if (const auto refused = put_xattr(row, name, value); refused != view::Refusal())
            return refused;
        row.changed = state_->clock.now();
        state_->table.write({put_inode(number, row)});
        inode->row = std::make_unique<InodeRow>(std::move(row));
        return {};
    });
}

view::Refusal Clone::remove_xattr(view::InodeNumber number, std::string_view name) {
    const InodePointer inode = state_->find(number);
    if (!inode) return view::stale_inode;
    return state_->with_space([&]() -> view::Refusal {
        const std::shared_lock others(state_->writes);
        const std::unique_lock lock(inode->mutex);
        state_->mark_above(*inode);
        InodeRow row = state_->row_or_entry(*inode);
        const bool is_acl = name == access_acl || name == default_acl;
        // Without an ACL, what its removal leaves is there already.
        if (!find_xattr(row, name)) return is_acl ? view::Refusal() : view::no_such_xattr;
        erase_xattr(row, name);
        row.changed = state_->clock.now();
        state_->table.write({put_inode(number, row)});
        inode->row = std::make_unique<InodeRow>(std::move(row));
        return {};
    });
}

/// Asked before each write: for most files it looks at what is in memory, and changes nothing.
view::Outcome<bool> Clone::take_privileges(view::InodeNumber number, const view::Changer& changer) {
    const InodePointer inode = state_->find(number);
    if (!inode) return view::stale_inode;
    {
        const std::shared_lock lock(inode->mutex);
        if (inode->row && inode->row->xattrs.empty() && !(inode->row->mode & (S_ISUID | S_ISGID)))
            return false;
    }
    return state_->with_space([&]() -> view::Outcome<bool> {
        const std::shared_lock others(state_->writes);
        const std::unique_lock lock(inode->mutex);
        InodeRow row = state_->row_or_entry(*inode);
        const mode_t mode = without_set_ids(row.mode, row.gid, changer);
        const bool has_capability = !S_ISDIR(row.mode) && find_xattr(row, capability) != nullptr;
        if (mode == row.mode && !has_capability) return false;
        set_permissions(row, mode & 07777);
        erase_xattr(row, capability);
        row.changed = state_->clock.now();
        state_->mark_above(*inode);
        state_->table.write({put_inode(number, row)});
        inode->row = std::make_unique<InodeRow>(std::move(row));
        return true;
    });
}

}  // namespace yore::clone
