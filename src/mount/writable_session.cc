// SPDX-License-Identifier: Apache-2.0
#include "mount/writable_session.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include "mount/attributes.h"

namespace yore::mount {

void WritableSession::count_failure(Operation operation, fuse_ino_t number,
                                    const std::exception& error) {
    failures_.add(operation, fmt::format("{} inode {}", options.directory, number), error);
}

void mark_as_flusher() {
    ::prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
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
