// SPDX-License-Identifier: Apache-2.0
/// The walking half of a restore: what can be made at once is made here, files are queued.
#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restore/run.h"

namespace yore::restore {
namespace {

constexpr std::uint64_t piece_bytes = 16u << 20;

}  // namespace

void Run::place(const std::shared_ptr<TargetDirectory>& directory, const tree::EntryView& entry,
                bool fresh, std::vector<Frame>& stack) {
    const std::string path = directory->path_of(entry.name());
    attempt(path, [&] {
        if (entry.kind() == tree::FileKind::directory) {
            enter(directory, entry, fresh, stack);
            return;
        }
        if (!fresh && !make_way(directory, entry)) return;
        if (entry.kind() == tree::FileKind::regular || entry.attributes().link_count > 1)
            place_file(directory, entry);
        else
            make_special(*directory, entry);
    });
}

bool Run::enter(const std::shared_ptr<TargetDirectory>& parent, const tree::EntryView& entry,
                bool fresh, std::vector<Frame>& stack) {
    const std::string name(entry.name());
    const std::string path = parent->path_of(name);
    for (const TargetDirectory* above = parent.get(); above; above = above->parent())
        if (above->entry() && above->entry()->child() == entry.child())
            throw tree::own_ancestor(entry.child().value(), path);
    const auto other = options_.elsewhere.find(path);
    const bool is_here = other == options_.elsewhere.end();
    const bool made = is_here && ::mkdirat(parent->fd(), name.c_str(), 0700) == 0;
    if (is_here && !made && (errno != EEXIST || fresh)) throw system_error("mkdir", path, errno);
    Fd fd(::openat(parent->fd(), is_here ? name.c_str() : other->second.c_str(),
                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) {
        if (errno == ENOTDIR || errno == ELOOP)
            throw Error(Errc::exists, "something that is no directory is in the way");
        throw system_error("open", path, errno);
    }
    stack.push_back({directory_of(std::move(fd), path, parent, entry),
                     std::make_unique<tree::DirectoryCursor>(cache_, entry.child().value()), made});
    return true;
}

bool Run::make_way(const std::shared_ptr<TargetDirectory>& directory,
                   const tree::EntryView& entry) {
    const std::string name(entry.name());
    struct stat there {};
    if (::fstatat(directory->fd(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return true;
        throw system_error("stat", directory->path_of(name), errno);
    }
    const bool leads_elsewhere = options_.links.contains(directory->path_of(name));
    if (!leads_elsewhere && looks_like(there, entry, owners_)) {
        ++files_kept_;
        ++files_done_;
        bytes_done_ += entry.attributes().size;
        settle_links(entry, directory->path_of(name));
        return false;
    }
    if (S_ISDIR(there.st_mode)) throw Error(Errc::exists, "a directory is in the way");
    if (options_.existing == RestoreOptions::Existing::refuse)
        throw Error(Errc::exists, "another file of this name is there");
    // A regular file is replaced by the rename of the new one, when that is whole.
    if (entry.kind() != tree::FileKind::regular || entry.attributes().link_count > 1)
        if (::unlinkat(directory->fd(), name.c_str(), 0) != 0)
            throw system_error("unlink", directory->path_of(name), errno);
    return true;
}

void Run::place_file(const std::shared_ptr<TargetDirectory>& directory,
                     const tree::EntryView& entry) {
    const tree::Attributes stat = entry.attributes();
    if (stat.link_count > 1) {
        std::string existing;
        switch (links_.meet({stat.file_system, stat.inode}, {directory, entry}, existing)) {
            case LinkTable::Turn::waits:
                return;
            case LinkTable::Turn::ready:
                make_link(*directory, entry, existing);
                return;
            case LinkTable::Turn::first:
                break;
        }
    }
    try {
        if (entry.kind() == tree::FileKind::regular) {
            queue_file(directory, entry);
            return;
        }
        make_special(*directory, entry);
    } catch (const Error&) {
        abandon_links(entry);
        throw;
    }
    settle_links(entry, directory->path_of(entry.name()));
}

void Run::queue_file(const std::shared_ptr<TargetDirectory>& directory,
                     const tree::EntryView& entry) {
    auto file = std::make_shared<PendingFile>();
    file->directory = directory;
    file->entry = entry;
    const std::uint64_t size = entry.attributes().size;
    const std::uint64_t count = std::max<std::uint64_t>(1, (size + piece_bytes - 1) / piece_bytes);
    // A huge file with few extents is mostly holes: one piece.
    const bool long_list = count > 1 && entry.content().list.has_value();
    if (!long_list) {
        pieces_.push({file, 0, size});
        return;
    }
    file->pieces_left = count;
    open_temporary(*file);
    for (std::uint64_t i = 0; i < count; ++i)
        pieces_.push({file, i * piece_bytes, std::min(piece_bytes, size - i * piece_bytes)});
}

void Run::make_special(TargetDirectory& directory, const tree::EntryView& entry) {
    const std::string name(entry.name());
    const std::string path = directory.path_of(name);
    const tree::Attributes stat = entry.attributes();
    const bool is_link = stat.kind == tree::FileKind::symlink;
    const auto other = options_.links.find(path);
    const std::string target = !is_link                        ? std::string()
                               : other != options_.links.end() ? other->second
                                                               : std::string(entry.target());
    const int failed =
        is_link ? ::symlinkat(target.c_str(), directory.fd(), name.c_str())
                : ::mknodat(directory.fd(), name.c_str(), type_bits(stat.kind) | 0600, stat.device);
    if (failed != 0) throw system_error("make", path, errno);
    Fd fd(::openat(directory.fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) throw system_error("open", path, errno);
    for (const std::string& text : set_metadata({fd.get(), true}, entry, cache_, owners_))
        report(path, text);
    ++files_done_;
}

void Run::make_link(TargetDirectory& directory, const tree::EntryView& entry,
                    const std::string& existing) {
    const std::size_t slash = existing.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : existing.substr(0, slash);
    const std::string last = slash == std::string::npos ? existing : existing.substr(slash + 1);
    const std::string name(entry.name());
    Fd from = open_below(top_.get(), parent);
    if (::linkat(from.get(), last.c_str(), directory.fd(), name.c_str(), 0) != 0) {
        const bool replace = errno == EEXIST &&
                             options_.existing == RestoreOptions::Existing::replace &&
                             ::unlinkat(directory.fd(), name.c_str(), 0) == 0;
        if (!replace || ::linkat(from.get(), last.c_str(), directory.fd(), name.c_str(), 0) != 0)
            throw system_error("link", directory.path_of(name), errno);
    }
    ++files_done_;
    bytes_done_ += entry.attributes().size;
}

void Run::settle_links(const tree::EntryView& entry, const std::string& path) {
    const tree::Attributes stat = entry.attributes();
    if (stat.link_count <= 1) return;
    for (const LinkWish& wish : links_.written({stat.file_system, stat.inode}, path))
        attempt(wish.directory->path_of(wish.entry.name()),
                [&] { make_link(*wish.directory, wish.entry, path); });
}

void Run::abandon_links(const tree::EntryView& entry) {
    const tree::Attributes stat = entry.attributes();
    if (stat.link_count <= 1) return;
    for (const LinkWish& wish : links_.failed({stat.file_system, stat.inode}))
        report(wish.directory->path_of(wish.entry.name()), "its first name could not be restored");
}

}  // namespace yore::restore
