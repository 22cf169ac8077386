// SPDX-License-Identifier: Apache-2.0
/// What the FUSE operations work on.
#pragma once

#include <yore/mount/mount.h>
#include <yore/store/object_cache.h>
#include <yore/view/view.h>

#include <exception>
#include <optional>
#include <string>

#include "mount/answer.h"
#include "mount/decoders.h"
#include "mount/fuse.h"
#include "mount/inode_table.h"
#include "mount/notifier.h"
#include "mount/open_files.h"
#include "mount/operation_meter.h"
#include "mount/shedder.h"

namespace yore::mount {

struct Session {
    Session(const view::View& shown, const store::ObjectCache& decoded, const MountOptions& wanted);

    const view::View& view;
    const store::ObjectCache& cache;
    const MountOptions options;
    InodeTable inodes;
    OpenFiles files;
    Decoders decoders;
    Notifier notifier;
    Shedder shedder;
    OperationMeter meter;

    /// Whether owners and modes count. For the only user who may look, they do not: who can open
    /// the repository reads all of it anyway.
    bool enforces_permissions() const;
    /// For log lines: a node's path in the view, as far as it is known.
    std::string path_of(NodeNumber) const;
    void count_failure(Operation, NodeNumber, const std::exception&);

  private:
    FailureLog failures_{meter};
};

const fuse_lowlevel_ops& operations();

inline Session& session_of(fuse_req_t request) {
    return *static_cast<Session*>(fuse_req_userdata(request));
}

/// Runs one operation on a node that the kernel knows; `body` replies unless it throws.
template <typename Body>
void answer(fuse_req_t request, fuse_ino_t number, Operation operation, Body&& body) {
    Session& session = session_of(request);
    answer_from(session, request, number, operation, [&] {
        const std::optional<view::Node> node = session.inodes.find(number);
        if (node)
            body(session, *node);
        else
            fuse_reply_err(request, ESTALE);
    });
}

}  // namespace yore::mount
