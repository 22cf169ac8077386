// SPDX-License-Identifier: Apache-2.0
/// FUSE operations that look up, make, remove and move names.
#include <cstring>
#include <optional>
#include <string_view>

#include <linux/fs.h>
#include <sys/stat.h>

#include "mount/attributes.h"
#include "mount/fuse_mount.h"
#include "mount/writable_session.h"

namespace yore::mount {
namespace {

using view::Outcome;
using view::WritableView;

/// Replied to when it is too long: true.
bool is_refused(fuse_req_t request, const char* name) {
    if (std::strlen(name) <= name_bytes_max) return false;
    fuse_reply_err(request, ENAMETOOLONG);
    return true;
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    if (is_refused(request, name)) return;
    answer_writable(request, parent, Operation::lookup, [&](WritableView& view) {
        const std::optional<struct stat> found = view.lookup(parent, name);
        if (found) {
            reply_entry(request, *found);
            return;
        }
        fuse_entry_param absent{};  // until it is made, and then the kernel knows
        absent.entry_timeout = for_ever;
        fuse_reply_entry(request, &absent);
    });
}

void forget(fuse_req_t request, fuse_ino_t number, std::uint64_t count) {
    writable_session_of(request).view.forget(number, count);
    fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
    WritableView& view = writable_session_of(request).view;
    for (std::size_t i = 0; i < count; ++i) view.forget(forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(request);
}

void make(fuse_req_t request, fuse_ino_t parent, const char* name, Operation operation,
          const view::NewFile& file) {
    if (is_refused(request, name)) return;
    answer_writable(request, parent, operation, [&](WritableView& view) {
        const fuse_ctx& caller = *fuse_req_ctx(request);
        const view::Creator creator{caller.uid, caller.gid, caller.umask};
        reply_entry(request, view.make(parent, name, file, creator));
    });
}

void mknod(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, dev_t device) {
    make(request, parent, name, Operation::mknod, {.mode = mode, .device = device});
}

void mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
    make(request, parent, name, Operation::mkdir, {.mode = (mode & ~mode_t{S_IFMT}) | S_IFDIR});
}

void symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name) {
    make(request, parent, name, Operation::symlink, {.mode = S_IFLNK | 0777, .target = target});
}

void link(fuse_req_t request, fuse_ino_t number, fuse_ino_t parent, const char* name) {
    if (is_refused(request, name)) return;
    answer_writable(request, number, Operation::link, [&](WritableView& view) {
        reply_entry(request, view.link(number, parent, name));
    });
}

void unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
    answer_writable(request, parent, Operation::unlink, [&](WritableView& view) {
        reply_refusal(request, view.remove(parent, name, view::RemoveKind::file));
    });
}

void rmdir(fuse_req_t request, fuse_ino_t parent, const char* name) {
    answer_writable(request, parent, Operation::rmdir, [&](WritableView& view) {
        reply_refusal(request, view.remove(parent, name, view::RemoveKind::directory));
    });
}

std::optional<view::RenameMode> rename_mode(unsigned flags) {
    switch (flags) {
        case 0:
            return view::RenameMode::replace;
        case RENAME_NOREPLACE:
            return view::RenameMode::no_replace;
        case RENAME_EXCHANGE:
            return view::RenameMode::exchange;
        default:
            return std::nullopt;
    }
}

void rename(fuse_req_t request, fuse_ino_t from, const char* name, fuse_ino_t to,
            const char* new_name, unsigned flags) {
    if (is_refused(request, new_name)) return;
    answer_writable(request, from, Operation::rename, [&](WritableView& view) {
        if (const auto mode = rename_mode(flags))
            reply_refusal(request, view.rename({from, name}, {to, new_name}, *mode));
        else
            fuse_reply_err(request, EINVAL);
    });
}

}  // namespace

void add_name_operations(fuse_lowlevel_ops& ops) {
    ops.lookup = lookup;
    ops.forget = forget;
    ops.forget_multi = forget_multi;
    ops.mknod = mknod;
    ops.mkdir = mkdir;
    ops.symlink = symlink;
    ops.link = link;
    ops.unlink = unlink;
    ops.rmdir = rmdir;
    ops.rename = rename;
}

}  // namespace yore::mount
