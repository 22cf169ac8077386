// SPDX-License-Identifier: Apache-2.0
/// A clone's life, and the bytes of its files.
#include <yore/base/file.h>
#include <yore/clone/clone.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "clone/state.h"

namespace yore::clone {
namespace {

/// `body` runs with the inode's mutex held alone, once the inode has a row.
template <typename Body>
view::Refusal change_bytes(Clone::State& state, view::InodeNumber number, Body&& body) {
    const InodePointer inode = state.find(number);
    if (!inode) return view::stale_inode;
    return state.with_space([&]() -> view::Refusal {
        const std::shared_lock others(state.writes);
        const std::unique_lock lock(inode->mutex);
        state.give_row(*inode);
        if (!S_ISREG(inode->row->mode)) return std::errc::invalid_argument;
        return body(*inode);
    });
}

}  // namespace

Clone::Clone(const store::ObjectCache& cache, const view::Identities& identities,
             std::string directory, const NodeId& root, CloneOptions options)
    : state_(std::make_unique<State>(cache, identities, std::move(directory), root, options)) {}
Clone::~Clone() = default;

view::Refusal Clone::read(view::InodeNumber number, std::uint64_t offset, std::size_t size,
                          view::ReadSink& sink) {
    const InodePointer inode = state_->find(number);
    if (!inode) return view::stale_inode;
    const auto lock = state_->lock_to_read(*inode);
    state_->contents.read(*inode, offset, size, sink);
    return {};
}

view::Refusal Clone::write(view::InodeNumber number, std::uint64_t offset, ByteView bytes) {
    return change_bytes(*state_, number,
                        [&](Inode& inode) { return state_->contents.write(inode, offset, bytes); });
}

view::Refusal Clone::allocate(view::InodeNumber number, view::AllocateMode mode,
                              std::uint64_t offset, std::uint64_t length) {
    return change_bytes(*state_, number, [&](Inode& inode) {
        return state_->contents.allocate(inode, mode, offset, length);
    });
}

view::Outcome<std::uint64_t> Clone::next_data(view::InodeNumber number, std::uint64_t offset) {
    const InodePointer inode = state_->find(number);
    if (!inode) return view::stale_inode;
    const auto lock = state_->lock_to_read(*inode);
    const auto found = state_->contents.next_data(*inode, offset);
    if (!found) return std::errc::no_such_device_or_address;
    return *found;
}

view::Outcome<std::uint64_t> Clone::next_hole(view::InodeNumber number, std::uint64_t offset) {
    const InodePointer inode = state_->find(number);
    if (!inode) return view::stale_inode;
    const auto lock = state_->lock_to_read(*inode);
    const auto found = state_->contents.next_hole(*inode, offset);
    if (!found) return std::errc::no_such_device_or_address;
    return *found;
}

view::Refusal Clone::sync(view::InodeNumber number, view::SyncMode mode) {
    const InodePointer inode = state_->find(number);
    if (!inode) return view::stale_inode;
    state_->contents.sync(*inode, mode);
    return {};
}

struct statvfs Clone::space() {
    struct statvfs space {};
    if (::statvfs(state_->home.c_str(), &space) != 0)
        throw system_error("statfs", state_->home, errno);
    space.f_files = space.f_ffree = space.f_favail = 0;  // its inodes are not ours
    space.f_namemax = 255;
    if (const auto most = state_->files.bytes_max()) {
        const std::uint64_t used = std::min(state_->files.bytes(), *most);
        space.f_blocks = *most / space.f_frsize;
        const auto left = static_cast<fsblkcnt_t>((*most - used) / space.f_frsize);
        space.f_bfree = std::min(space.f_bfree, left);
        space.f_bavail = std::min(space.f_bavail, left);
    }
    return space;
}

Usage Clone::usage() const {
    Usage usage{.bytes = state_->files.bytes(), .files = 0};
    state_->table.scan(inode_prefix(), inode_prefix(), [&](ByteView, ByteView) {
        ++usage.files;
        return true;
    });
    return usage;
}

void Clone::sync_all() {
    const Fd directory = open_file(state_->home, O_RDONLY | O_DIRECTORY);
    if (::syncfs(directory.get()) != 0) throw system_error("sync", state_->home, errno);
    state_->table.sync();
}

void Clone::create(const std::string& directory) {
    if (::mkdir(directory.c_str(), 0700) != 0) throw system_error("make", directory, errno);
    DataFiles::create(files_path(directory));
    store::LocalTable::create(table_path(directory));
    sync_directory(directory);
}

void remove_clone(const std::string& directory) {
    for (const std::string& part :
         {files_path(directory), table_path(directory), clock_path(directory)})
        std::filesystem::remove_all(part);
    if (::rmdir(directory.c_str()) != 0 && errno != ENOENT)
        throw system_error("remove", directory, errno);
}

}  // namespace yore::clone
