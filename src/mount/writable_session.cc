// SPDX-License-Identifier: Apache-2.0
#include "mount/writable_session.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <sys/prctl.h>

#include "mount/attributes.h"
#include "mount/kill_privileges.h"

namespace yore::mount {

void WritableSession::count_failure(Operation operation, fuse_ino_t number,
                                    const std::exception& error) {
    failures_.add(operation, fmt::format("{} inode {}", options.directory, number), error);
}

void mark_as_flusher() {
    ::prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
}

namespace {

/// Root counts as of all groups: of a change of owners the kernel does not tell who may leave bits.
bool is_of_group(fuse_req_t request, gid_t group) {
    const fuse_ctx& caller = *fuse_req_ctx(request);
    if (caller.uid == 0 || caller.gid == group) return true;
    constexpr int groups_max = 65536;  // of the kernel
    std::vector<gid_t> groups(64);
    int count = fuse_req_getgroups(request, static_cast<int>(groups.size()), groups.data());
    if (count > static_cast<int>(groups.size()) && count <= groups_max) {
        groups.resize(static_cast<std::size_t>(count));
        count = fuse_req_getgroups(request, count, groups.data());
    }
    groups.resize(
        std::clamp<std::size_t>(count < 0 ? 0 : static_cast<std::size_t>(count), 0, groups.size()));
    return std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace

view::Refusal take_privileges(fuse_req_t request, view::WritableView& view, fuse_ino_t number) {
    view::Changer changer;
    if (kills_set_ids()) changer = [request](gid_t group) { return is_of_group(request, group); };
    const auto taken = view.take_privileges(number, changer);
    if (!taken || !*taken) return taken ? view::Refusal() : taken.why();
    // It was told to keep the attributes for ever.
    fuse_lowlevel_notify_inval_inode(writable_session_of(request).fuse, number, -1, 0);
    return {};
}

/// All changes come through this mount, so that the kernel knows of them: it may keep for ever
/// what it was told.
fuse_entry_param entry_of(const struct stat& stat) {
    fuse_entry_param entry{};
    entry.ino = stat.st_ino;
    entry.attr = stat;
    entry.attr_timeout = entry.entry_timeout = for_ever;
    return entry;
}

void reply_entry(fuse_req_t request, const view::Outcome<struct stat>& found) {
    if (!found) {
        reply_refusal(request, found.why());
        return;
    }
    const fuse_entry_param entry = entry_of(*found);
    if (fuse_reply_entry(request, &entry) != 0)
        writable_session_of(request).view.forget(entry.ino, 1);
}

void reply_attributes(fuse_req_t request, const view::Outcome<struct stat>& found) {
    if (found)
        fuse_reply_attr(request, &*found, for_ever);
    else
        reply_refusal(request, found.why());
}

}  // namespace yore::mount
