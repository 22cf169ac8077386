// SPDX-License-Identifier: Apache-2.0
/// FUSE operations on a View: thin; each ends in exactly one reply.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "mount/attributes.h"
#include "mount/fuse_mount.h"
#include "mount/listing.h"
#include "mount/session.h"

namespace yore::mount {
namespace {

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

void getxattr(fuse_req_t request, fuse_ino_t number, const char* name, std::size_t size) {
    answer(request, number, Operation::getxattr, [&](Session& session, const view::Node& node) {
        const std::optional<Bytes> value = session.view.xattr(node, name);
        if (value)
            reply_value(request, *value, size);
        else
            fuse_reply_err(request, ENODATA);
    });
}

void listxattr(fuse_req_t request, fuse_ino_t number, std::size_t size) {
    answer(request, number, Operation::listxattr, [&](Session& session, const view::Node& node) {
        reply_names(request, session.view.xattr_names(node), size);
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

/// The kernel answers writes itself while the mount is read-only; this is for one that somebody
/// remounted.
constexpr auto refuse = [](fuse_req_t request, auto...) { fuse_reply_err(request, EROFS); };

void start(void* data, fuse_conn_info* connection) {
    want_common(*connection);
    want(*connection, FUSE_CAP_NO_OPENDIR_SUPPORT);
    // It brings default_permissions with it: see Session.
    want(*connection, FUSE_CAP_POSIX_ACL, static_cast<Session*>(data)->enforces_permissions());
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
        // The kernel then opens by itself, keeps pages and listings, and sends nothing on close.
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
