// SPDX-License-Identifier: Apache-2.0
/// What the FUSE operations work on.
#pragma once

#include <yore/base/error.h>
#include <yore/base/guarded.h>
#include <yore/mount/mount.h>
#include <yore/store/object_cache.h>
#include <yore/view/view.h>

#include <exception>
#include <set>
#include <string>
#include <string_view>

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
    /// Counts a failed operation, and logs it, once for each text: who reads a damaged file asks
    /// many times.
    void count_failure(Operation, NodeNumber, const std::exception&);

  private:
    Guarded<std::set<std::string>> logged_;
};

inline constexpr unsigned read_bytes_max = 1u << 20;

/// The tables of operations are thin: they turn requests into calls of the view, and what these
/// return or throw into exactly one reply.
const fuse_lowlevel_ops& operations();

inline Session& session_of(fuse_req_t request) {
    return *static_cast<Session*>(fuse_req_userdata(request));
}

/// Runs one operation on a node that the kernel knows; `body` replies unless it throws.
template <typename Body>
void answer(fuse_req_t request, fuse_ino_t number, Operation operation, Body&& body) {
    Session& session = session_of(request);
    const Timed timed(session.meter, operation);
    int error_number = EIO;
    try {
        const std::optional<view::Node> node = session.inodes.find(number);
        if (!node) {
            fuse_reply_err(request, ESTALE);
            return;
        }
        body(session, *node);
        return;
    } catch (const Error& error) {
        error_number = errno_of(error.code());
        session.count_failure(operation, number, error);
    } catch (const std::exception& error) {
        session.count_failure(operation, number, error);
    }
    fuse_reply_err(request, error_number);
}

}  // namespace yore::mount
