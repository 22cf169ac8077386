// SPDX-License-Identifier: Apache-2.0
/// A FUSE session and its life: prepared, mounted, served by its own threads, unmounted.
#include <yore/base/error.h>
#include <yore/base/guarded.h>
#include <yore/base/log.h>
#include <yore/mount/mount.h>
#include <yore/tree/directory.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "mount/mountpoint.h"
#include "mount/session.h"

namespace yore::mount {
namespace {

constexpr unsigned read_ahead_kilobytes = 1024;
constexpr std::size_t shed_batch = 4096;
constexpr int path_depth_max = 4096;

unsigned cores() {
    return std::max(2u, std::thread::hardware_concurrency());
}

class Arguments {
  public:
    explicit Arguments(const MountOptions& options) {
        std::string text =
            "ro,nosuid,nodev,default_permissions,fsname=yore,subtype=yore,"
            "max_read=1048576";
        if (options.allow_other) text += ",allow_other";
        fuse_opt_add_arg(&arguments_, "yore");
        fuse_opt_add_arg(&arguments_, "-o");
        fuse_opt_add_arg(&arguments_, text.c_str());
    }
    ~Arguments() { fuse_opt_free_args(&arguments_); }
    fuse_args* get() { return &arguments_; }

  private:
    fuse_args arguments_ = FUSE_ARGS_INIT(0, nullptr);
};

}  // namespace

Session::Session(const view::View& shown, const store::ObjectCache& decoded,
                 const MountOptions& wanted)
    : view(shown),
      cache(decoded),
      options(wanted),
      inodes(shown.root()),
      files(shown, decoded),
      decoders(decoded, cores()) {}

std::string Session::path_of(NodeNumber number) const {
    std::string path;
    for (int depth = 0; depth < path_depth_max && number != root_number; ++depth) {
        const std::optional<view::Node> node = inodes.find(number);
        if (!node || node->kind != view::NodeKind::stored) break;
        try {
            const auto snapshot = view.xattr(*node, "user.yore.snapshot");
            const tree::EntryView entry = tree::entry_at(cache, node->leaf, node->place);
            const std::string name(entry.name());
            path = path.empty() ? name : name + "/" + path;
            if (snapshot && inodes.find(inodes.parent_of(number)).value_or(*node).kind !=
                                view::NodeKind::stored)
                return std::string(as_text(*snapshot)) + path.substr(name.size());
        } catch (const Error&) {
            break;  // damage again: the path stays short
        }
        number = inodes.parent_of(number);
    }
    return path.empty() ? options.directory : "…/" + path;
}

void Session::shed() {
    const std::uint64_t size = inodes.size();
    if (size <= options.inodes_max) return;
    std::uint64_t last = shed_at_.load();
    if (size < last + shed_batch / 2 && last <= size) return;
    if (!shed_at_.compare_exchange_strong(last, size)) return;
    for (const InodeTable::Cold& cold : inodes.take_cold(shed_batch)) {
        try {
            const tree::EntryView entry = tree::entry_at(cache, cold.node.leaf, cold.node.place);
            notifier.forget_name(cold.parent, std::string(entry.name()));
        } catch (const Error&) {
            continue;  // its name cannot be read any more: it stays
        }
    }
}

struct Mount::State {
    State(const view::View& view, const store::ObjectCache& cache, const MountOptions& options)
        : session(view, cache, options) {}

    Session session;
    fuse_session* fuse = nullptr;
    std::jthread loop;
    std::mutex mutex;
    std::condition_variable ended_changed;
    bool ended = false;
};

Mount::Mount(const view::View& view, const store::ObjectCache& cache, MountOptions options)
    : state_(std::make_unique<State>(view, cache, options)) {
    prepare_mountpoint(options.directory, options.repository);
    Arguments arguments(options);
    State& state = *state_;
    state.fuse =
        fuse_session_new(arguments.get(), &operations(), sizeof(fuse_lowlevel_ops), &state.session);
    if (state.fuse == nullptr) throw Error(Errc::io, "libfuse takes no session");
    if (fuse_session_mount(state.fuse, options.directory.c_str()) != 0) {
        fuse_session_destroy(state.fuse);
        throw Error(Errc::io, "mount at " + options.directory + ": the system refused",
                    {"`--allow-other` without root needs user_allow_other in /etc/fuse.conf"});
    }
    state.session.notifier.start(state.fuse);
    const unsigned threads = options.threads > 0 ? options.threads : 2 * cores();
    state.loop = std::jthread([&state, threads] {
        fuse_loop_config* config = fuse_loop_cfg_create();
        fuse_loop_cfg_set_clone_fd(config, 1);
        fuse_loop_cfg_set_max_threads(config, threads);
        fuse_loop_cfg_set_idle_threads(config, threads);
        fuse_session_loop_mt(state.fuse, config);
        fuse_loop_cfg_destroy(config);
        {
            std::scoped_lock lock(state.mutex);
            state.ended = true;
        }
        state.ended_changed.notify_all();
    });
    raise_read_ahead(options.directory, read_ahead_kilobytes);
}

Mount::~Mount() {
    detach();
    if (state_->loop.joinable()) state_->loop.join();
    state_->session.notifier.stop();
    fuse_session_destroy(state_->fuse);
}

void Mount::wait() {
    std::unique_lock lock(state_->mutex);
    state_->ended_changed.wait(lock, [&] { return state_->ended; });
}

void Mount::unmount() {
    if (!unmount_directory(directory(), Detach::when_idle))
        throw Error(Errc::busy, directory() + ": files there are in use",
                    {fmt::format("`fuser -vm {}` shows by whom", directory())});
    wait();
}

void Mount::detach() {
    unmount_directory(directory(), Detach::now);
    fuse_session_exit(state_->fuse);
    // Closing the connection wakes the loop; who still has a file open there gets ENOTCONN.
    fuse_session_unmount(state_->fuse);
}

void Mount::appeared(const std::vector<view::View::Appeared>& names) {
    for (const view::View::Appeared& one : names) {
        const auto number = state_->session.inodes.number_of(one.directory.identity);
        if (!number) continue;
        state_->session.notifier.forget_name(*number, one.name);
        state_->session.notifier.forget_inode(*number);
    }
}

const std::string& Mount::directory() const {
    return state_->session.options.directory;
}

}  // namespace yore::mount
