// SPDX-License-Identifier: Apache-2.0
/// A FUSE session and its life: prepared, mounted, served by its own threads, unmounted.
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/mount/mount.h>

#include <algorithm>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "mount/mountpoint.h"
#include "mount/session.h"

namespace yore::mount {
namespace {

constexpr unsigned read_ahead_kilobytes = read_bytes_max / 1024;

/// What libfuse said last in this thread: the reason of a call that failed.
thread_local std::string last_message;

void keep_message(fuse_log_level, const char* format, va_list arguments) {
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    last_message = text;
    while (!last_message.empty() && last_message.back() == '\n') last_message.pop_back();
    log_debug("libfuse: {}", last_message);
}

class Arguments {
  public:
    explicit Arguments(const Session& session) {
        std::string text =
            fmt::format("ro,nosuid,nodev,fsname=yore,subtype=yore,max_read={}", read_bytes_max);
        if (session.enforces_permissions()) text += ",default_permissions";
        if (session.options.allow_other) text += ",allow_other";
        fuse_opt_add_arg(&arguments_, "yore");
        fuse_opt_add_arg(&arguments_, "-o");
        fuse_opt_add_arg(&arguments_, text.c_str());
    }
    Arguments(const Arguments&) = delete;
    Arguments& operator=(const Arguments&) = delete;
    ~Arguments() { fuse_opt_free_args(&arguments_); }
    fuse_args* get() { return &arguments_; }

  private:
    fuse_args arguments_ = FUSE_ARGS_INIT(0, nullptr);
};

struct DestroySession {
    void operator()(fuse_session* session) const { fuse_session_destroy(session); }
};
using FuseSession = std::unique_ptr<fuse_session, DestroySession>;

FuseSession make_session(Session& session) {
    static std::once_flag once;
    std::call_once(once, [] { fuse_set_log_func(keep_message); });
    Arguments arguments(session);
    FuseSession made(
        fuse_session_new(arguments.get(), &operations(), sizeof(fuse_lowlevel_ops), &session));
    if (!made) throw Error(Errc::io, "libfuse: " + last_message);
    const std::string& directory = session.options.directory;
    if (fuse_session_mount(made.get(), directory.c_str()) == 0) return made;
    std::vector<std::string> hints;
    if (!session.enforces_permissions() || ::geteuid() == 0)
        hints.push_back("in a container, mounting needs CAP_SYS_ADMIN");
    else
        hints.push_back("--allow-other without root needs user_allow_other in /etc/fuse.conf");
    throw Error(Errc::io, fmt::format("mount at {}: {}", directory, last_message),
                std::move(hints));
}

MountOptions prepared(MountOptions options) {
    options.directory = prepare_mountpoint(options.directory, options.repository);
    // Threads wait for each other and for disks: a few more than cores.
    if (options.threads == 0)
        options.threads = std::max(4u, 2 * std::thread::hardware_concurrency());
    return options;
}

}  // namespace

struct Mount::State {
    State(const view::View& view, const store::ObjectCache& cache, const MountOptions& options)
        : session(view, cache, options), fuse(make_session(session)) {
        if (const auto there = mounted_at(options.directory)) device = there->device;
        session.notifier.start(fuse.get());
        session.shedder.start(fuse.get());
        loop = std::jthread([this] { serve(); });
        raise_read_ahead(device, read_ahead_kilobytes);
    }
    void serve();
    bool is_mounted() const {
        const auto there = mounted_at(session.options.directory);
        return there && there->device == device;
    }

    Session session;
    FuseSession fuse;
    std::string device;
    std::mutex mutex;
    std::condition_variable ended_changed;
    bool ended = false;
    std::jthread loop;
};

void Mount::State::serve() {
    fuse_loop_config* config = fuse_loop_cfg_create();
    fuse_loop_cfg_set_clone_fd(config, 1);
    fuse_loop_cfg_set_max_threads(config, session.options.threads);
    fuse_loop_cfg_set_idle_threads(config, session.options.threads);
    fuse_session_loop_mt(fuse.get(), config);
    fuse_loop_cfg_destroy(config);
    {
        std::scoped_lock lock(mutex);
        ended = true;
    }
    ended_changed.notify_all();
}

Mount::Mount(const view::View& view, const store::ObjectCache& cache, MountOptions options)
    : state_(std::make_unique<State>(view, cache, prepared(std::move(options)))) {}

Mount::~Mount() {
    detach();
    state_->loop.join();
    state_->session.shedder.stop();
    state_->session.notifier.stop();
    fuse_session_unmount(state_->fuse.get());
}

void Mount::wait() {
    std::unique_lock lock(state_->mutex);
    state_->ended_changed.wait(lock, [&] { return state_->ended; });
}

void Mount::unmount() {
    if (state_->is_mounted() && !unmount_directory(directory(), Detach::when_idle))
        throw Error(Errc::busy, directory() + ": files there are in use",
                    {fmt::format("`fuser -vm {}` shows by whom", directory())});
    wait();
}

void Mount::detach() {
    if (!state_->is_mounted()) return;
    unmount_directory(directory(), Detach::now);
    abort_connection(state_->device);
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
