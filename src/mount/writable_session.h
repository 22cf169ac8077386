// SPDX-License-Identifier: Apache-2.0
/// What the FUSE operations of a mount for writing work on.
#pragma once

#include <yore/mount/mount.h>
#include <yore/view/writable_view.h>

#include <exception>

#include "mount/answer.h"
#include "mount/fuse.h"
#include "mount/open_directories.h"

namespace yore::mount {

struct WritableSession {
    WritableSession(view::WritableView& shown, const MountOptions& wanted)
        : view(shown), options(wanted) {}

    view::WritableView& view;
    const MountOptions options;
    OperationMeter meter;
    OpenDirectories directories;
    fuse_session* fuse = nullptr;  ///< set before the first request

    void count_failure(Operation, fuse_ino_t, const std::exception&);

  private:
    FailureLog failures_{meter};
};

const fuse_lowlevel_ops& writable_operations();

/// Those that make, remove and move names; those of open directories; those of bytes.
void add_name_operations(fuse_lowlevel_ops&);
void add_directory_operations(fuse_lowlevel_ops&);
void add_content_operations(fuse_lowlevel_ops&);

inline WritableSession& writable_session_of(fuse_req_t request) {
    return *static_cast<WritableSession*>(fuse_req_userdata(request));
}

/// The kernel does not wait for this thread when it wants memory back by writing, which may need
/// this thread. Needs CAP_SYS_RESOURCE; without, nothing.
void mark_as_flusher();

/// Runs one operation; `body` gets the view, and replies unless it throws.
template <typename Body>
void answer_writable(fuse_req_t request, fuse_ino_t number, Operation operation, Body&& body) {
    thread_local const bool marked = (mark_as_flusher(), true);
    static_cast<void>(marked);
    WritableSession& session = writable_session_of(request);
    answer_from(session, request, number, operation, [&] { body(session.view); });
}

inline void reply_refusal(fuse_req_t request, view::Refusal refusal) {
    fuse_reply_err(request, static_cast<int>(refusal));
}
/// A file loses what the change that is asked for takes (kill_privileges.h).
view::Refusal take_privileges(fuse_req_t, view::WritableView&, fuse_ino_t);
/// An inode that was looked up for this answer.
fuse_entry_param entry_of(const struct stat&);
void reply_entry(fuse_req_t, const view::Outcome<struct stat>&);
void reply_attributes(fuse_req_t, const view::Outcome<struct stat>&);

}  // namespace yore::mount
