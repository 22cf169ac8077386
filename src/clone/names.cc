// SPDX-License-Identifier: Apache-2.0
/// Names: those of the tree below, and over them those that rows give or take.
#include <yore/base/error.h>

#include <algorithm>

#include "clone/state.h"

namespace yore::clone {

Clone::State::Directory Clone::State::directory_of(const Inode& inode) const {
    const std::shared_lock lock(inode.mutex);
    Directory directory;
    directory.self = inode.self;
    directory.has_rows = inode.row && inode.row->has_rows;
    if (const auto& lower = inode.origin()) {
        directory.identity = lower->identity;
        directory.below = entry(*lower).child();
    }
    return directory;
}

std::optional<Child> Clone::State::child_of(const Inode& inode, std::string_view name) const {
    const Directory directory = directory_of(inode);
    if (directory.has_rows) {
        if (const auto value = table.get(name_key(inode.number, name))) {
            const NameRow row = decode_name(*value);
            if (row.number == 0) return std::nullopt;
            return Child{row.number, row.type, std::nullopt, nullptr};
        }
    }
    if (!directory.below) return std::nullopt;
    const auto found = tree::Directory(cache, *directory.below).find(name);
    if (!found) return std::nullopt;
    return child_below(directory, *found);
}

bool Clone::State::is_below(const Inode& inode, std::string_view name) const {
    const Directory directory = directory_of(inode);
    return directory.below && tree::Directory(cache, *directory.below).find(name);
}

/// Rows and the tree below are both in the order of names.
void Clone::State::visit_names(
    const Inode& inode, const std::function<bool(std::string_view, const Child&)>& visit) const {
    const Directory directory = directory_of(inode);
    std::optional<tree::DirectoryCursor> below;
    if (directory.below) below.emplace(cache, *directory.below);
    const auto visit_below = [&](std::optional<std::string_view> until) {
        const tree::EntryView* at = nullptr;
        while (below && (at = below->current()) && (!until || at->name() < *until)) {
            if (!visit(at->name(), child_below(directory, *at))) return false;
            below->advance();
        }
        return true;
    };
    bool goes_on = true;
    const Bytes prefix = name_prefix(inode.number);
    if (directory.has_rows)
        table.scan(prefix, prefix, [&](ByteView key, ByteView value) {
            const std::string_view name = name_in(key);
            const NameRow row = decode_name(value);
            goes_on = visit_below(name);
            if (goes_on && below && below->current() && below->current()->name() == name)
                below->advance();
            if (goes_on && row.number != 0)
                goes_on = visit(name, {row.number, row.type, std::nullopt, nullptr});
            return goes_on;
        });
    if (goes_on) visit_below(std::nullopt);
}

bool Clone::State::is_empty(const Inode& directory) const {
    bool empty = true;
    visit_names(directory, [&](std::string_view, const Child&) { return empty = false; });
    return empty;
}

std::optional<struct stat> Clone::lookup(view::InodeNumber number, std::string_view name) {
    const std::shared_lock lock(state_->names);
    const InodePointer directory = state_->find(number);
    if (!directory) return std::nullopt;
    const auto child = state_->child_of(*directory, name);
    if (!child) return std::nullopt;
    return state_->known_status(state_->load(*child));
}

void Clone::forget(view::InodeNumber number, std::uint64_t count) {
    const InodePointer inode = state_->inodes.forget(number, count);
    if (!inode) return;
    const std::shared_lock lock(state_->names);
    state_->release(*inode);
}

view::Outcome<std::shared_ptr<const view::OpenDirectory>> Clone::open_directory(
    view::InodeNumber number) {
    const InodePointer directory = state_->find(number);
    if (!directory) return view::stale_inode;
    auto opened = std::make_shared<view::OpenDirectory>();
    const std::shared_lock lock(state_->names);
    state_->visit_names(*directory, [&](std::string_view name, const Child& child) {
        opened->names.push_back({std::string(name), child.number, child.type});
        return true;
    });
    return std::shared_ptr<const view::OpenDirectory>(std::move(opened));
}

}  // namespace yore::clone
