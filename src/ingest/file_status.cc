// SPDX-License-Identifier: Apache-2.0
#include "ingest/file_status.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace yore::ingest {
namespace {

using tree::FileKind;

FileKind kind_of(unsigned mode) {
    switch (mode & S_IFMT) {
        case S_IFDIR:
            return FileKind::directory;
        case S_IFLNK:
            return FileKind::symlink;
        case S_IFBLK:
            return FileKind::block_device;
        case S_IFCHR:
            return FileKind::character_device;
        case S_IFIFO:
            return FileKind::fifo;
        case S_IFSOCK:
            return FileKind::socket;
        default:
            return FileKind::regular;
    }
}

Timestamp time_of(const statx_timestamp& time) {
    return Timestamp::from_seconds(time.tv_sec, time.tv_nsec);
}

void fill(const struct statx& from, FileStatus& status) {
    tree::Attributes& to = status.attributes;
    to.kind = kind_of(from.stx_mode);
    to.permissions = from.stx_mode & 07777;
    to.uid = from.stx_uid;
    to.gid = from.stx_gid;
    to.link_count = from.stx_nlink;
    const bool sized = to.kind == FileKind::regular || to.kind == FileKind::symlink;
    to.size = sized ? from.stx_size : 0;
    const bool device = to.kind == FileKind::block_device || to.kind == FileKind::character_device;
    to.device = device ? makedev(from.stx_rdev_major, from.stx_rdev_minor) : 0;
    to.inode = from.stx_ino;
    to.file_system = 0;
    to.modified = time_of(from.stx_mtime);
    to.changed = time_of(from.stx_ctime);
    status.device = makedev(from.stx_dev_major, from.stx_dev_minor);
    status.size = from.stx_size;
    status.blocks = from.stx_blocks;
    status.no_dump = (from.stx_attributes & STATX_ATTR_NODUMP) != 0;
}

int read_status(int directory, const char* name, int flags, FileStatus& status) {
    struct statx raw;
    if (::statx(directory, name, flags | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &raw) != 0)
        return errno;
    fill(raw, status);
    return 0;
}

int sync_flag(Freshness freshness) {
    return freshness == Freshness::cached ? AT_STATX_DONT_SYNC : AT_STATX_SYNC_AS_STAT;
}

}  // namespace

bool FileStatus::unchanged_since(const FileStatus& before) const {
    return same_file(before) && size == before.size &&
           attributes.modified == before.attributes.modified &&
           attributes.changed == before.attributes.changed;
}

int status_at(int directory, const char* name, FileStatus& status, Freshness freshness) {
    return read_status(directory, name, AT_SYMLINK_NOFOLLOW | sync_flag(freshness), status);
}

int status_of(int fd, FileStatus& status, Freshness freshness) {
    return read_status(fd, "", AT_EMPTY_PATH | sync_flag(freshness), status);
}

Fd open_at(int directory, const char* name, OpenAs as, int& error) {
    int flags = O_CLOEXEC | O_NOFOLLOW;
    if (as == OpenAs::place) flags |= O_PATH;
    if (as == OpenAs::directory) flags |= O_RDONLY | O_DIRECTORY | O_NOATIME;
    if (as == OpenAs::content) flags |= O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOATIME;
    Fd fd(::openat(directory, name, flags));
    // Only the owner may leave access times as they are.
    if (!fd && errno == EPERM && (flags & O_NOATIME) != 0)
        fd = Fd(::openat(directory, name, flags & ~O_NOATIME));
    error = fd ? 0 : errno;
    return fd;
}

Fd open_below(int directory, std::string_view path) {
    int error = 0;
    Fd fd = open_at(directory, ".", OpenAs::directory, error);
    while (fd && !path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        fd = open_at(fd.get(), std::string(path.substr(0, end)).c_str(), OpenAs::directory, error);
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return fd;
}

}  // namespace yore::ingest
