// SPDX-License-Identifier: Apache-2.0
/// FUSE operations on a View: thin; each ends in exactly one reply.
#include <yore/base/error.h>
#include <yore/base/log.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "mount/session.h"

namespace yore::mount {
namespace {

/// Inside a snapshot nothing ever changes; a year is for ever, and fits every kernel.
constexpr double for_ever = 365.0 * 24 * 3600;
/// For what may change: long enough that walking a path asks once, short enough to wait for.
constexpr double briefly = 1.0;

Session& session_of(fuse_req_t request) {
    return *static_cast<Session*>(fuse_req_userdata(request));
}

timespec to_timespec(Timestamp time) {
    const std::int64_t rest = ((time.ns % 1'000'000'000) + 1'000'000'000) % 1'000'000'000;
    return {.tv_sec = (time.ns - rest) / 1'000'000'000, .tv_nsec = rest};
}

mode_t type_of(tree::FileKind kind) {
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
    return S_IFREG;
}

struct stat stat_of(const view::Node& node, const view::Attributes& attributes) {
    const tree::Attributes& from = attributes.stat;
    struct stat to {};
    to.st_ino = node.kind == view::NodeKind::root ? root_number : node.identity.inode_number();
    to.st_mode = type_of(from.kind) | from.permissions;
    to.st_nlink = std::max(1u, from.link_count);
    to.st_uid = from.uid;
    to.st_gid = from.gid;
    to.st_rdev = from.device;
    to.st_size = static_cast<off_t>(from.size);
    to.st_blksize = 128 * 1024;
    to.st_blocks = static_cast<blkcnt_t>((from.size + 511) / 512);
    to.st_mtim = to.st_atim = to_timespec(from.modified);
    to.st_ctim = to_timespec(from.changed);
    return to;
}

fuse_entry_param entry_of(NodeNumber number, const view::Node& node,
                          const view::Attributes& attributes) {
    fuse_entry_param entry{};
    entry.ino = number;
    entry.attr = stat_of(node, attributes);
    entry.attr_timeout = attributes.immutable ? for_ever : briefly;
    entry.entry_timeout = attributes.immutable && !node.moving ? for_ever : briefly;
    return entry;
}

/// A name in a listing that the kernel is to look up by itself.
fuse_entry_param name_only(tree::FileKind kind) {
    fuse_entry_param entry{};
    entry.attr.st_mode = type_of(kind);
    entry.attr.st_ino = 2;  // any: with no inode behind it, 0 would end the listing
    return entry;
}

/// Runs one operation; what it throws becomes the reply, and a log line where it is damage.
template <typename Body>
void answer(fuse_req_t request, fuse_ino_t number, std::string_view operation, Body&& body) {
    Session& session = session_of(request);
    try {
        const std::optional<view::Node> node = session.inodes.find(number);
        if (!node) {
            fuse_reply_err(request, ESTALE);
            return;
        }
        body(session, *node);
    } catch (const Error& error) {
        log_error("{} {}: {}", operation, session.path_of(number), error.what());
        fuse_reply_err(request, errno_of(error.code()));
    } catch (const std::exception& error) {
        log_error("{} {}: {}", operation, session.path_of(number), error.what());
        fuse_reply_err(request, EIO);
    }
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    answer(request, parent, "look up in", [&](Session& session, const view::Node& directory) {
        const std::optional<view::Node> found = session.view.lookup(directory, name);
        if (!found) {
            // Absence is for ever inside a snapshot only: elsewhere names appear.
            fuse_entry_param absent{};
            absent.entry_timeout = for_ever;
            if (directory.kind == view::NodeKind::stored)
                fuse_reply_entry(request, &absent);
            else
                fuse_reply_err(request, ENOENT);
            return;
        }
        const view::Attributes attributes = session.view.attributes(*found);
        const NodeNumber number = session.inodes.look_up(*found, parent);
        const fuse_entry_param entry = entry_of(number, *found, attributes);
        if (fuse_reply_entry(request, &entry) != 0) session.inodes.forget(number, 1);
        session.shed();
    });
}

void forget(fuse_req_t request, fuse_ino_t number, std::uint64_t count) {
    session_of(request).inodes.forget(number, count);
    fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
    for (std::size_t i = 0; i < count; ++i)
        session_of(request).inodes.forget(forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(request);
}

void getattr(fuse_req_t request, fuse_ino_t number, fuse_file_info*) {
    answer(request, number, "stat", [&](Session& session, const view::Node& node) {
        const view::Attributes attributes = session.view.attributes(node);
        const struct stat stat = stat_of(node, attributes);
        fuse_reply_attr(request, &stat, attributes.immutable ? for_ever : briefly);
    });
}

void readlink(fuse_req_t request, fuse_ino_t number) {
    answer(request, number, "read the link", [&](Session& session, const view::Node& node) {
        fuse_reply_readlink(request, session.view.link_target(node).c_str());
    });
}

void read(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset, fuse_file_info*) {
    answer(request, number, "read", [&](Session& session, const view::Node& node) {
        const auto file = session.files.get(number, node);
        const Reply reply = file->read(static_cast<std::uint64_t>(offset), size, session.decoders);
        if (reply.pieces.empty())
            fuse_reply_buf(request, nullptr, 0);
        else
            fuse_reply_iov(request, reply.pieces.data(), static_cast<int>(reply.pieces.size()));
    });
}

void lseek(fuse_req_t request, fuse_ino_t number, off_t offset, int whence, fuse_file_info*) {
    answer(request, number, "seek in", [&](Session& session, const view::Node& node) {
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

/// One reply to a listing, filled as far as the kernel's buffer goes.
class Page {
  public:
    Page(fuse_req_t request, std::size_t size) : request_(request), bytes_(size) {}

    bool add(const char* name, const fuse_entry_param& entry, std::uint64_t offset) {
        const std::size_t left = bytes_.size() - used_;
        const std::size_t taken = fuse_add_direntry_plus(request_, bytes_.data() + used_, left,
                                                         name, &entry, static_cast<off_t>(offset));
        if (taken > left) return false;
        used_ += taken;
        return true;
    }
    void reply() { fuse_reply_buf(request_, bytes_.data(), used_); }

  private:
    fuse_req_t request_;
    std::vector<char> bytes_;
    std::size_t used_ = 0;
};

/// Fills `page` with entries after place `offset` (the dots are places 0 and 1).
void fill(Session& session, NodeNumber number, const view::Node& directory, std::uint64_t offset,
          Page& page) {
    std::uint64_t place = offset;
    fuse_entry_param dot{};
    dot.attr.st_mode = S_IFDIR;
    dot.attr.st_ino = number;
    if (place == 0 && page.add(".", dot, 1)) place = 1;
    if (place == 1 && page.add("..", dot, 2)) place = 2;
    if (place < 2) return;
    const std::optional<std::string> after = session.positions.name_before(number, place);
    std::uint64_t skip = after ? 0 : place - 2;
    std::string last;
    session.view.list(directory, after.value_or(""), [&](const view::Listing& listing) {
        if (skip > 0) {
            --skip;
            return true;
        }
        const std::string name(listing.name);
        NodeNumber child = 0;
        fuse_entry_param entry = name_only(listing.kind);
        if (listing.node) {
            child = session.inodes.look_up(*listing.node, number);
            entry = entry_of(child, *listing.node, listing.attributes);
        }
        if (!page.add(name.c_str(), entry, place + 1)) {
            if (child != 0) session.inodes.forget(child, 1);
            return false;
        }
        ++place;
        last = name;
        return true;
    });
    if (!last.empty()) session.positions.remember(number, place, last);
}

void readdirplus(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset,
                 fuse_file_info*) {
    answer(request, number, "list", [&](Session& session, const view::Node& node) {
        Page page(request, size);
        fill(session, number, node, static_cast<std::uint64_t>(offset), page);
        page.reply();
        session.shed();
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
    answer(request, number, "read an xattr of", [&](Session& session, const view::Node& node) {
        const std::optional<Bytes> value = session.view.xattr(node, name);
        if (value)
            reply_bytes(request, *value, size);
        else
            fuse_reply_err(request, ENODATA);
    });
}

void listxattr(fuse_req_t request, fuse_ino_t number, std::size_t size) {
    answer(request, number, "list xattrs of", [&](Session& session, const view::Node& node) {
        std::string names;
        for (const std::string& name : session.view.xattr_names(node)) names += name + '\0';
        reply_bytes(request, as_bytes(names), size);
    });
}

void statfs(fuse_req_t request, fuse_ino_t) {
    answer(request, root_number, "statfs", [&](Session& session, const view::Node&) {
        const view::View::Space space = session.view.space();
        struct statvfs reply {};
        reply.f_bsize = reply.f_frsize = 4096;
        reply.f_blocks = (space.bytes_stored + space.bytes_free) / 4096;
        reply.f_bfree = reply.f_bavail = space.bytes_free / 4096;
        reply.f_files = space.entries;
        reply.f_namemax = 255;
        fuse_reply_statfs(request, &reply);
    });
}

// Never asked again for the life of the mount: the kernel then opens by itself, keeps pages and
// listings, and sends nothing on close.
void open(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
    fuse_reply_err(request, ENOSYS);
}
void flush(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
    fuse_reply_err(request, ENOSYS);
}

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
    want(FUSE_CAP_POSIX_ACL, true);
    want(FUSE_CAP_EXPORT_SUPPORT, false);
    connection->max_read = 1u << 20;
    connection->max_readahead = 1u << 20;
    connection->max_background = 64;
    connection->congestion_threshold = 48;
    connection->time_gran = 1;
    static_cast<void>(data);
}

}  // namespace

const fuse_lowlevel_ops& operations() {
    // Writing operations are absent: the mount is read-only, the kernel answers EROFS itself.
    static const fuse_lowlevel_ops table = [] {
        fuse_lowlevel_ops ops{};
        ops.init = start;
        ops.lookup = lookup;
        ops.forget = forget;
        ops.forget_multi = forget_multi;
        ops.getattr = getattr;
        ops.readlink = readlink;
        ops.open = open;
        ops.opendir = open;
        ops.read = read;
        ops.flush = flush;
        ops.lseek = lseek;
        ops.readdirplus = readdirplus;
        ops.getxattr = getxattr;
        ops.listxattr = listxattr;
        ops.statfs = statfs;
        return ops;
    }();
    return table;
}

}  // namespace yore::mount
