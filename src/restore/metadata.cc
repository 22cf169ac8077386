// SPDX-License-Identifier: Apache-2.0
#include "restore/metadata.h"

#include <yore/tree/uncertain.h>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace yore::restore {
namespace {

std::string failed(std::string_view what, int error_number) {
    return fmt::format("{}: {}", what, std::strerror(error_number));
}

timespec to_timespec(Timestamp time) {
    std::int64_t whole = time.ns / 1'000'000'000;
    std::int64_t rest = time.ns % 1'000'000'000;
    if (rest < 0) {
        rest += 1'000'000'000;
        --whole;
    }
    return {.tv_sec = whole, .tv_nsec = rest};
}

/// Calls that take no O_PATH descriptor take this name of it, which leads to the inode itself.
std::string proc_path(const Inode& inode) {
    return fmt::format("/proc/self/fd/{}", inode.fd);
}

int set_xattr(const Inode& inode, const std::string& name, ByteView value) {
    if (!inode.path_only) return ::fsetxattr(inode.fd, name.c_str(), value.data(), value.size(), 0);
    return ::setxattr(proc_path(inode).c_str(), name.c_str(), value.data(), value.size(), 0);
}

void set_xattrs(const Inode& inode, const tree::EntryView& entry, const store::ObjectCache& cache,
                std::vector<std::string>& problems) {
    for (const tree::Xattr& xattr : entry.xattrs()) {
        if (xattr.name == tree::uncertain_mark) continue;
        std::shared_ptr<const Buffer> stored;
        ByteView value = xattr.value;
        if (xattr.chunk) {
            stored = cache.chunk(*xattr.chunk);
            value = stored->view();
        }
        if (set_xattr(inode, xattr.name, value) != 0)
            problems.push_back(failed("xattr " + xattr.name, errno));
    }
}

int set_mode(const Inode& inode, mode_t mode) {
    return inode.path_only ? ::chmod(proc_path(inode).c_str(), mode) : ::fchmod(inode.fd, mode);
}

}  // namespace

mode_t type_bits(tree::FileKind kind) {
    switch (kind) {
        case tree::FileKind::regular:
            return S_IFREG;
        case tree::FileKind::directory:
            return S_IFDIR;
        case tree::FileKind::symlink:
            return S_IFLNK;
        case tree::FileKind::block_device:
            return S_IFBLK;
        case tree::FileKind::character_device:
            return S_IFCHR;
        case tree::FileKind::fifo:
            return S_IFIFO;
        case tree::FileKind::socket:
            return S_IFSOCK;
    }
    return 0;
}

std::vector<std::string> set_metadata(const Inode& inode, const tree::EntryView& entry,
                                      const store::ObjectCache& cache, Owners owners) {
    const tree::Attributes stat = entry.attributes();
    std::vector<std::string> problems;
    if (owners == Owners::set && ::fchownat(inode.fd, "", stat.uid, stat.gid, AT_EMPTY_PATH) != 0)
        problems.push_back(failed("owner", errno));
    if (stat.kind != tree::FileKind::symlink && set_mode(inode, stat.permissions) != 0)
        problems.push_back(failed("mode", errno));
    if (entry.has_xattrs()) set_xattrs(inode, entry, cache, problems);
    const timespec times[2] = {to_timespec(stat.modified), to_timespec(stat.modified)};
    if (::utimensat(inode.fd, "", times, AT_EMPTY_PATH) != 0)
        problems.push_back(failed("times", errno));
    return problems;
}

bool looks_like(const struct stat& there, const tree::EntryView& entry, Owners owners) {
    const tree::Attributes wanted = entry.attributes();
    const timespec modified = to_timespec(wanted.modified);
    const bool link = wanted.kind == tree::FileKind::symlink;
    return (there.st_mode & S_IFMT) == type_bits(wanted.kind) &&
           (link || (there.st_mode & 07777) == wanted.permissions) &&
           (owners == Owners::leave ||
            (there.st_uid == wanted.uid && there.st_gid == wanted.gid)) &&
           (wanted.kind != tree::FileKind::regular ||
            static_cast<std::uint64_t>(there.st_size) == wanted.size) &&
           there.st_mtim.tv_sec == modified.tv_sec && there.st_mtim.tv_nsec == modified.tv_nsec;
}

}  // namespace yore::restore
