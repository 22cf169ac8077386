// SPDX-License-Identifier: Apache-2.0
#include <yore/mount/mount.h>

#include "mount/fuse_mount.h"
#include "mount/session.h"

namespace yore::mount {

struct Mount::State {
    State(const view::View& view, const store::ObjectCache& cache, const MountOptions& options)
        : session(view, cache, options),
          fuse(options,
               {Access::reading,
                session.enforces_permissions() ? Permissions::enforced : Permissions::ignored},
               operations(), &session) {
        session.notifier.start(fuse.session());
        session.shedder.start(fuse.session());
        fuse.serve();
    }
    ~State() {
        fuse.end();
        session.shedder.stop();
        session.notifier.stop();
    }

    Session session;
    FuseMount fuse;
};

Mount::Mount(const view::View& view, const store::ObjectCache& cache, MountOptions options)
    : state_(std::make_unique<State>(view, cache, prepared(std::move(options)))) {}

Mount::~Mount() = default;

void Mount::wait() {
    state_->fuse.wait();
}

void Mount::unmount() {
    state_->fuse.unmount();
}

void Mount::detach() {
    state_->fuse.detach();
}

void Mount::appeared(const std::vector<view::View::Appeared>& names) {
    Session& session = state_->session;
    for (const view::View::Appeared& one : names) {
        const auto number = session.inodes.number_of(one.directory.identity);
        if (!number) continue;  // nobody has looked there
        session.notifier.forget_name(*number, one.name);
        session.notifier.forget_inode(*number);
    }
}

void Mount::each_known(const std::function<void(const view::Node&)>& visit) const {
    state_->session.inodes.each([&](const view::Node& node) {
        if (node.kind == view::NodeKind::stored) visit(node);
    });
}

const std::string& Mount::directory() const {
    return state_->session.options.directory;
}

std::uint64_t Mount::inodes() const {
    return state_->session.inodes.size();
}

MountTimes Mount::times() const {
    return state_->session.meter.seen();
}

}  // namespace yore::mount
