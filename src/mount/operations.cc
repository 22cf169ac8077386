// SPDX-License-Identifier: Apache-2.0
/// FUSE operations on a View: thin; each ends in exactly one reply.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "mount/attributes.h"
#include "mount/listing.h"
#include "mount/session.h"

namespace yore::mount {
namespace {

constexpr std::size_t name_bytes_max = 255;

void reply_absent(fuse_req_t request, const view::Node& directory) {
    if (!directory.is_final()) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    fuse_entry_param absent{};  // for ever: the kernel need not ask again
    absent.entry_timeout = for_ever;
    fuse_reply_entry(request, &absent);
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    if (std::strlen(name) > name_bytes_max) {
        fuse_reply_err(request, ENAMETOOLONG);
        return;
    }
    answer(request, parent, Operation::lookup, [&](Session& session, const view::Node& directory) {
        const std::optional<view::Node> found = session.view.lookup(directory, name);
        if (!found) {
            reply_absent(request, directory);
            return;
        }
        const view::Attributes attributes = session.view.attributes(*found);
        const NodeNumber number =
            session.inodes.look_up(*found, attributes.stat.kind, name_in(directory, parent, name));
        const fuse_entry_param entry = entry_of(number, *found, attributes);
        if (fuse_reply_entry(request, &entry) != 0) session.inodes.forget(number, 1);
        session.shedder.look();
    });
}

void forget(fuse_req_t request, fuse_ino_t number, std::uint64_t count) {
    session_of(request).inodes.forget(number, count);
    fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
    Session& session = session_of(request);
    for (std::size_t i = 0; i < count; ++i)
        session.inodes.forget(forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(request);
}

void getattr(fuse_req_t request, fuse_ino_t number, fuse_file_info*) {
    answer(request, number, Operation::getattr, [&](Session& session, const view::Node& node) {
        const view::Attributes attributes = session.view.attributes(node);
        const struct stat stat = stat_of(node, attributes);
        fuse_reply_attr(request, &stat, lifetime_of(attributes));
    });
}

void readlink(fuse_req_t request, fuse_ino_t number) {
    answer(request, number, Operation::readlink, [&](Session& session, const view::Node& node) {
        fuse_reply_readlink(request, session.view.link_target(node).c_str());
    });
}

void read(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset, fuse_file_info*) {
    answer(request, number, Operation::read, [&](Session& session, const view::Node& node) {
        const auto file = session.files.get(number, node);
        const std::uint64_t begin = std::min(static_cast<std::uint64_t>(offset), file->size());
        const Range range{begin, begin + std::min<std::uint64_t>(size, file->size() - begin)};
        const bool random = file->is_random(range, session.decoders);
        const Reply reply = file->read(range);
        auto surplus = random ? file->surplus_of(range) : std::vector<Surplus>();
        fuse_reply_iov(request, reply.pieces().data(), static_cast<int>(reply.pieces().size()));
        // Behind the reply: until then the kernel has locked pages among them.
        for (Surplus& pages : surplus) session.notifier.keep_pages(number, std::move(pages));
    });
}

void lseek(fuse_req_t request, fuse_ino_t number, off_t offset, int whence, fuse_file_info*) {
    answer(request, number, Operation::lseek, [&](Session& session, const view::Node& node) {
        if (offset < 0 || (whence != SEEK_DATA && whence != SEEK_HOLE)) {
            fuse_reply_err(request, offset < 0 ? ENXIO : EINVAL);
            return;
        }
        const auto file = session.files.get(number, node);
        const auto from = static_cast<std::uint64_t>(offset);
        const auto found = whence == SEEK_DATA ? file->next_data(from) : file->next_hole(from);
        if (found)
            fuse_reply_lseek(request, static_cast<off_t>(*found));
        else
            fuse_reply_err(request, ENXIO);
    });
}

void reply_bytes(fuse_req_t request, ByteView bytes, std::size_t size) {
    if (size == 0)
        fuse_reply_xattr(request, bytes.size());
    else if (bytes.size() > size)
        fuse_reply_err(request, ERANGE);
    else
        fuse_reply_buf(request, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void getxattr(fuse_req_t request, fuse_ino_t number, const char* name, std::size_t size) {
    answer(request, number, Operation::getxattr, [&](Session& session, const view::Node& node) {
        const std::optional<Bytes> value = session.view.xattr(node, name);
        if (value)
            reply_bytes(request, *value, size);
        else
            fuse_reply_err(request, ENODATA);
    });
}

void listxattr(fuse_req_t request, fuse_ino_t number, std::size_t size) {
    answer(request, number, Operation::listxattr, [&](Session& session, const view::Node& node) {
        std::string names;
        for (const std::string& name : session.view.xattr_names(node)) names += name + '\0';
        reply_bytes(request, as_bytes(names), size);
    });
}

/// The space that the next backup has, and shares with whatever lies beside the repository.
void statfs(fuse_req_t request, fuse_ino_t) {
    answer(request, root_number, Operation::statfs, [&](Session& session, const view::Node&) {
        struct statvfs space {};
        if (::statvfs(session.options.repository.c_str(), &space) != 0)
            throw system_error("statfs", session.options.repository, errno);
        space.f_files = space.f_ffree = space.f_favail = 0;  // its inodes are not ours
        space.f_namemax = name_bytes_max;
        fuse_reply_statfs(request, &space);
    });
}

/// Never asked again for the life of the mount: the kernel then opens by itself, keeps pages and
/// listings, and sends nothing on close.
constexpr auto not_needed = [](fuse_req_t request, auto...) { fuse_reply_err(request, ENOSYS); };
/// The kernel answers writes itself while the mount is read-only; this is for one that somebody
/// remounted.
constexpr auto refuse = [](fuse_req_t request, auto...) { fuse_reply_err(request, EROFS); };

void start(void* data, fuse_conn_info* connection) {
    const auto want = [connection](unsigned flag, bool wanted) {
        if (wanted && (connection->capable & flag))
            connection->want |= flag;
        else
            connection->want &= ~flag;
    };
    want(FUSE_CAP_READDIRPLUS, true);
    want(FUSE_CAP_READDIRPLUS_AUTO, false);  // it asks again for each name, one by one
    want(FUSE_CAP_PARALLEL_DIROPS, true);
    want(FUSE_CAP_ASYNC_READ, true);
    want(FUSE_CAP_CACHE_SYMLINKS, true);
    want(FUSE_CAP_AUTO_INVAL_DATA, false);
    want(FUSE_CAP_EXPLICIT_INVAL_DATA, true);
    want(FUSE_CAP_NO_OPEN_SUPPORT, true);
    want(FUSE_CAP_NO_OPENDIR_SUPPORT, true);
    want(FUSE_CAP_EXPORT_SUPPORT, false);
    // It brings default_permissions with it: see Mount.
    want(FUSE_CAP_POSIX_ACL, static_cast<Session*>(data)->enforces_permissions());
    connection->max_read = read_bytes_max;
    connection->max_readahead = read_bytes_max;
    connection->max_background = 64;
    connection->congestion_threshold = 48;
    connection->time_gran = 1;
}

void add_refusals(fuse_lowlevel_ops& ops) {
    ops.setattr = refuse;
    ops.mknod = refuse;
    ops.mkdir = refuse;
    ops.unlink = refuse;
    ops.rmdir = refuse;
    ops.symlink = refuse;
    ops.rename = refuse;
    ops.link = refuse;
    ops.write = refuse;
    ops.setxattr = refuse;
    ops.removexattr = refuse;
    ops.create = refuse;
    ops.fallocate = refuse;
    ops.copy_file_range = refuse;
}

}  // namespace

const fuse_lowlevel_ops& operations() {
    static const fuse_lowlevel_ops table = [] {
        fuse_lowlevel_ops ops{};
        ops.init = start;
        ops.lookup = lookup;
        ops.forget = forget;
        ops.forget_multi = forget_multi;
        ops.getattr = getattr;
        ops.readlink = readlink;
        ops.read = read;
        ops.lseek = lseek;
        ops.readdirplus = readdirplus;
        ops.getxattr = getxattr;
        ops.listxattr = listxattr;
        ops.statfs = statfs;
        ops.open = not_needed;
        ops.opendir = not_needed;
        ops.flush = not_needed;
        ops.fsync = not_needed;
        ops.fsyncdir = not_needed;
        add_refusals(ops);
        return ops;
    }();
    return table;
}

}  // namespace yore::mount
