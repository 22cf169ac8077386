// SPDX-License-Identifier: Apache-2.0
/// FUSE operations on a WritableView: its attributes, and what is asked of the kernel.
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "mount/fuse_mount.h"
#include "mount/kill_privileges.h"
#include "mount/writable_session.h"

namespace yore::mount {
namespace {

using view::WritableView;

void getattr(fuse_req_t request, fuse_ino_t number, fuse_file_info*) {
    answer_writable(request, number, Operation::getattr, [&](WritableView& view) {
        reply_attributes(request, view.attributes(number));
    });
}

std::optional<timespec> changed_time(int fields, int given, int now, const timespec& time) {
    if (fields & now) return timespec{.tv_sec = 0, .tv_nsec = UTIME_NOW};
    if (fields & given) return time;
    return std::nullopt;
}

view::AttributeChange change_of(const struct stat& wanted, int fields) {
    view::AttributeChange change;
    if (fields & FUSE_SET_ATTR_MODE) change.permissions = wanted.st_mode & ~S_IFMT;
    if (fields & FUSE_SET_ATTR_UID) change.uid = wanted.st_uid;
    if (fields & FUSE_SET_ATTR_GID) change.gid = wanted.st_gid;
    if (fields & FUSE_SET_ATTR_SIZE) change.size = static_cast<std::uint64_t>(wanted.st_size);
    change.accessed =
        changed_time(fields, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW, wanted.st_atim);
    change.modified =
        changed_time(fields, FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW, wanted.st_mtim);
    return change;
}

void setattr(fuse_req_t request, fuse_ino_t number, struct stat* wanted, int fields,
             fuse_file_info*) {
    answer_writable(request, number, Operation::setattr, [&](WritableView& view) {
        const view::AttributeChange change = change_of(*wanted, fields);
        const bool takes = kills_set_ids() || change.size || change.uid || change.gid;
        const auto refusal = takes ? take_privileges(request, view, number) : view::Refusal();
        if (refusal == view::Refusal())
            reply_attributes(request, view.change(number, change));
        else
            reply_refusal(request, refusal);
    });
}

void readlink(fuse_req_t request, fuse_ino_t number) {
    answer_writable(request, number, Operation::readlink, [&](WritableView& view) {
        const auto target = view.link_target(number);
        if (target)
            fuse_reply_readlink(request, target->c_str());
        else
            reply_refusal(request, target.why());
    });
}

/// Names that no file system keeps; replied to: true.
bool is_refused(fuse_req_t request, std::string_view name) {
    if (name == "system.posix_acl_access" || name == "system.posix_acl_default") return false;
    for (const std::string_view space : {"user.", "trusted.", "security."}) {
        if (!name.starts_with(space)) continue;
        if (name.size() > space.size()) return false;
        fuse_reply_err(request, EINVAL);
        return true;
    }
    fuse_reply_err(request, EOPNOTSUPP);
    return true;
}

void getxattr(fuse_req_t request, fuse_ino_t number, const char* name, std::size_t size) {
    if (is_refused(request, name)) return;
    answer_writable(request, number, Operation::getxattr, [&](WritableView& view) {
        const std::optional<Bytes> value = view.xattr(number, name);
        if (value)
            reply_value(request, *value, size);
        else
            fuse_reply_err(request, ENODATA);
    });
}

void listxattr(fuse_req_t request, fuse_ino_t number, std::size_t size) {
    answer_writable(request, number, Operation::listxattr, [&](WritableView& view) {
        reply_names(request, view.xattr_names(number), size);
    });
}

void setxattr(fuse_req_t request, fuse_ino_t number, const char* name, const char* value,
              std::size_t size, int flags) {
    if (is_refused(request, name)) return;
    answer_writable(request, number, Operation::setxattr, [&](WritableView& view) {
        const auto mode = flags & XATTR_CREATE    ? view::XattrMode::create
                          : flags & XATTR_REPLACE ? view::XattrMode::replace
                                                  : view::XattrMode::either;
        const ByteView bytes{reinterpret_cast<const std::byte*>(value), size};
        reply_refusal(request, view.set_xattr(number, name, bytes, mode));
    });
}

void removexattr(fuse_req_t request, fuse_ino_t number, const char* name) {
    if (is_refused(request, name)) return;
    answer_writable(request, number, Operation::removexattr, [&](WritableView& view) {
        reply_refusal(request, view.remove_xattr(number, name));
    });
}

void statfs(fuse_req_t request, fuse_ino_t number) {
    answer_writable(request, number, Operation::statfs, [&](WritableView& view) {
        const struct statvfs space = view.space();
        fuse_reply_statfs(request, &space);
    });
}

/// Without the kernel's cache of writes, on purpose: see WritableMount.
void start(void*, fuse_conn_info* connection) {
    want_common(*connection);
    want(*connection, FUSE_CAP_WRITEBACK_CACHE, false);
    want(*connection, FUSE_CAP_ASYNC_DIO);
    want(*connection, FUSE_CAP_ATOMIC_O_TRUNC, false);  // there is no open to truncate at
    want(*connection, FUSE_CAP_POSIX_ACL);
    want(*connection, FUSE_CAP_DONT_MASK);  // where a default ACL rules, the umask does not
    want(*connection, FUSE_CAP_HANDLE_KILLPRIV, false);  // its better version: kill_privileges.h
    connection->max_write = transfer_bytes_max;
}

}  // namespace

const fuse_lowlevel_ops& writable_operations() {
    static const fuse_lowlevel_ops table = [] {
        fuse_lowlevel_ops ops{};
        ops.init = start;
        ops.getattr = getattr;
        ops.setattr = setattr;
        ops.readlink = readlink;
        ops.getxattr = getxattr;
        ops.listxattr = listxattr;
        ops.setxattr = setxattr;
        ops.removexattr = removexattr;
        ops.statfs = statfs;
        add_name_operations(ops);
        add_directory_operations(ops);
        add_content_operations(ops);
        return ops;
    }();
    return table;
}

}  // namespace yore::mount
