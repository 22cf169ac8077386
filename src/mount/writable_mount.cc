// SPDX-License-Identifier: Apache-2.0
#include <yore/mount/writable_mount.h>

#include <unistd.h>

#include "mount/fuse_mount.h"
#include "mount/writable_session.h"

namespace yore::mount {
namespace {

/// What root works on, others may use: servers run as users of their own.
MountOptions for_all_if_root(MountOptions options) {
    if (::geteuid() == 0) options.allow_other = true;
    return options;
}

}  // namespace

struct WritableMount::State {
    State(view::WritableView& view, const MountOptions& options)
        : session(view, options),
          fuse(options, {Access::writing, Permissions::enforced}, writable_operations(), &session) {
        session.fuse = fuse.session();
        fuse.serve();
    }

    WritableSession session;
    FuseMount fuse;
};

WritableMount::WritableMount(view::WritableView& view, MountOptions options)
    : state_(std::make_unique<State>(view, for_all_if_root(prepared(std::move(options))))) {}

WritableMount::~WritableMount() = default;

void WritableMount::wait() {
    state_->fuse.wait();
}

void WritableMount::unmount() {
    state_->fuse.unmount();
}

void WritableMount::detach() {
    state_->fuse.detach();
}

const std::string& WritableMount::directory() const {
    return state_->session.options.directory;
}

MountTimes WritableMount::times() const {
    return state_->session.meter.seen();
}

}  // namespace yore::mount
