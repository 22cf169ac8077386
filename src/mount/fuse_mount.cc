// SPDX-License-Identifier: Apache-2.0
#include "mount/fuse_mount.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <vector>

#include <unistd.h>

#include "mount/kill_privileges.h"
#include "mount/mountpoint.h"

namespace yore::mount {
namespace {

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
    Arguments(const MountOptions& options, FuseMount::Kind kind) {
        std::string text =
            fmt::format("{},nosuid,nodev,fsname=yore,subtype=yore,max_read={}",
                        kind.access == Access::reading ? "ro" : "rw", transfer_bytes_max);
        if (kind.permissions == Permissions::enforced) text += ",default_permissions";
        if (options.allow_other) text += ",allow_other";
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

/// How long a loop takes to end at most when its mount is gone.
constexpr auto patience = std::chrono::seconds(2);

}  // namespace

MountOptions prepared(MountOptions options) {
    options.directory = prepare_mountpoint(options.directory, options.repository);
    // Threads wait for each other and for disks: a few more than cores.
    if (options.threads == 0)
        options.threads = std::max(4u, 2 * std::thread::hardware_concurrency());
    return options;
}

FuseMount::Session FuseMount::make(const MountOptions& options, Kind kind,
                                   const fuse_lowlevel_ops& operations, void* data) {
    static std::once_flag once;
    std::call_once(once, [] { fuse_set_log_func(keep_message); });
    Arguments arguments(options, kind);
    Session made(fuse_session_new(arguments.get(), &operations, sizeof operations, data));
    if (!made) throw Error(Errc::io, "libfuse: " + last_message);
    if (fuse_session_mount(made.get(), options.directory.c_str()) == 0) {
        if (kind.access == Access::writing) handle_killed_privileges(made.get());
        return made;
    }
    std::vector<std::string> hints;
    if (!options.allow_other || ::geteuid() == 0)
        hints.push_back("in a container, mounting needs CAP_SYS_ADMIN");
    else
        hints.push_back("--allow-other without root needs user_allow_other in /etc/fuse.conf");
    throw Error(Errc::io, fmt::format("mount at {}: {}", options.directory, last_message),
                std::move(hints));
}

FuseMount::FuseMount(const MountOptions& options, Kind kind, const fuse_lowlevel_ops& operations,
                     void* data)
    : directory_(options.directory),
      threads_(options.threads),
      session_(make(options, kind, operations, data)) {
    if (const auto there = mounted_at(directory_)) device_ = there->device;
}

FuseMount::~FuseMount() {
    end();
    fuse_session_unmount(session_.get());
}

void FuseMount::serve() {
    loop_ = std::jthread([this] { loop(); });
    raise_read_ahead(device_, transfer_bytes_max / 1024);
}

void FuseMount::loop() {
    fuse_loop_config* config = fuse_loop_cfg_create();
    fuse_loop_cfg_set_clone_fd(config, 1);
    fuse_loop_cfg_set_max_threads(config, threads_);
    fuse_loop_cfg_set_idle_threads(config, threads_);
    fuse_session_loop_mt(session_.get(), config);
    fuse_loop_cfg_destroy(config);
    {
        std::scoped_lock lock(mutex_);
        ended_ = true;
    }
    ended_changed_.notify_all();
}

bool FuseMount::is_mounted() const {
    const auto there = mounted_at(directory_);
    return there && there->device == device_;
}

void FuseMount::wait() {
    std::unique_lock lock(mutex_);
    ended_changed_.wait(lock, [&] { return ended_; });
}

void FuseMount::unmount() {
    if (is_mounted() && !unmount_directory(directory_, Detach::when_idle))
        throw Error(Errc::busy, directory_ + ": files there are in use",
                    {fmt::format("`fuser -vm {}` shows by whom", directory_)});
    end_hidden_uses();
    wait();
}

/// Processes with mounts of their own may keep what is unmounted everywhere else.
void FuseMount::end_hidden_uses() {
    std::unique_lock lock(mutex_);
    if (!loop_.joinable() || ended_changed_.wait_for(lock, patience, [&] { return ended_; }))
        return;
    lock.unlock();
    abort_connection(device_);
}

void FuseMount::detach() {
    if (!is_mounted()) return end_hidden_uses();
    unmount_directory(directory_, Detach::now);
    abort_connection(device_);
}

void FuseMount::end() {
    detach();
    if (loop_.joinable()) loop_.join();
}

void want(fuse_conn_info& connection, unsigned capability, bool wanted) {
    if (wanted && (connection.capable & capability))
        connection.want |= capability;
    else
        connection.want &= ~capability;
}

void want_common(fuse_conn_info& connection) {
    want(connection, FUSE_CAP_READDIRPLUS);
    want(connection, FUSE_CAP_READDIRPLUS_AUTO, false);  // it asks again for each name, one by one
    want(connection, FUSE_CAP_PARALLEL_DIROPS);
    want(connection, FUSE_CAP_ASYNC_READ);
    want(connection, FUSE_CAP_CACHE_SYMLINKS);
    want(connection, FUSE_CAP_AUTO_INVAL_DATA, false);
    want(connection, FUSE_CAP_EXPLICIT_INVAL_DATA);
    want(connection, FUSE_CAP_NO_OPEN_SUPPORT);
    want(connection, FUSE_CAP_EXPORT_SUPPORT, false);
    connection.max_read = transfer_bytes_max;
    connection.max_readahead = transfer_bytes_max;
    connection.max_background = 64;
    connection.congestion_threshold = 48;
    connection.time_gran = 1;
}

}  // namespace yore::mount
