// SPDX-License-Identifier: Apache-2.0
#include "cli/mounting.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/mounts.h>
#include <yore/command/text.h>
#include <yore/server/daemon.h>

#include <algorithm>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/input.h"
#include "cli/interrupts.h"
#include "cli/repository_access.h"

namespace yore::cli {
namespace {

constexpr int end_of_owner_ms_max = 20'000;
constexpr int ok = static_cast<int>(command::ExitCode::ok);

nlohmann::json mount_request(const Invocation& invocation) {
    auto request = invocation.request;
    const auto directory = command::get_bytes(request, "directory");
    if (!directory) return request;
    request.erase("directory_base64");
    command::put_bytes(request, "directory", command::mountpoint_name(*directory));
    return request;
}

/// Serves what the command mounts until the last mount is gone. `mounted` is called once it is
/// there; false: nobody is left to want it.
nlohmann::json serve(server::Owner& owner, const std::string& name, const command::Call& call,
                     Interrupts& interrupts,
                     const std::function<bool(const nlohmann::json&)>& mounted) {
    auto result = command::run(owner.context(), name, call);
    interrupts.nothing_else_runs();
    if (!mounted(result)) {
        owner.context().mounts().remove_all();
        owner.context().clones().close_all();
    }
    owner.finish(interrupts.all());
    return result;
}

/// The process in the background. What goes wrong before the mount is there, the parent says.
int run_in_background(RepositoryAccess& access, const std::string& name,
                      const nlohmann::json& request, Renderer& renderer, server::Daemon& daemon) {
    bool reported = false;
    const auto report = [&](const nlohmann::json& record) {
        reported = true;
        return daemon.report(command::to_line(record));
    };
    try {
        configure_log(LogLevel::info, LogFormat::text, access.place().log());
        Interrupts interrupts;
        NoInput nothing;
        const command::Call call{request, renderer, nothing, interrupts.first()};
        const auto result = access.reach(call, [&](std::unique_ptr<server::Owner> owner) {
            return serve(*owner, name, call, interrupts, report);
        });
        if (!reported) report(result);  // another owner came first, and has the mount
        return ok;
    } catch (const Error& error) {
        if (!reported)
            report(command::error_record(error));
        else
            log_error("{}", error.full_text());
        return static_cast<int>(command::ExitCode::failed);
    }
}

int wait_in_foreground(server::Daemon& daemon, const server::Place& place, Renderer& renderer) {
    const auto line = daemon.wait_for_report();
    const auto record = line ? nlohmann::json::parse(*line, nullptr, false) : nlohmann::json();
    if (const auto error = command::error_of(record)) throw *error;
    if (!record.is_object())
        throw Error(Errc::io, "the background process ended at once", {"its log: " + place.log()});
    renderer.result(record);
    return ok;
}

/// Ends when the process has; a handle, since its number may be somebody else's by then.
Fd process_handle(int pid) {
    return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

bool has_mount(const nlohmann::json& owner, const std::string& directory) {
    return std::ranges::count(
               command::bytes_of_list(owner.value("mounts", nlohmann::json::array())), directory) >
           0;
}

}  // namespace

int run_mount(const Invocation& invocation, std::optional<crypto::SecretBytes> passphrase,
              Renderer& renderer) {
    RepositoryAccess access(invocation, std::move(passphrase), renderer);
    access.life = command::OwnerLife::mounts;
    const auto request = mount_request(invocation);
    NoInput nothing;
    if (invocation.foreground) {
        Interrupts interrupts;
        const command::Call call{request, renderer, nothing, interrupts.first()};
        bool shown = false;
        const auto result = access.reach(call, [&](std::unique_ptr<server::Owner> owner) {
            return serve(*owner, invocation.command, call, interrupts,
                         [&](const nlohmann::json& mounted) {
                             renderer.result(mounted);
                             return shown = true;
                         });
        });
        if (!shown) renderer.result(result);
        return ok;
    }
    const command::Call call{request, renderer, nothing, {}};
    if (const auto result = access.at_owner(call)) {
        renderer.result(*result);
        return ok;
    }
    access.unlock();  // asks, so before the terminal is left
    server::make_place(access.place());
    auto daemon = server::Daemon::split(access.place().log());
    if (daemon.is_child())
        ::_exit(run_in_background(access, invocation.command, request, renderer, daemon));
    return wait_in_foreground(daemon, access.place(), renderer);
}

int run_umount(const Invocation& invocation, Renderer& renderer) {
    Interrupts interrupts;
    const auto request = mount_request(invocation);
    const auto directory = *command::get_bytes(request, "directory");
    NoInput nothing;
    const command::Call call{request, renderer, nothing, interrupts.first()};
    for (const server::Place& place : server::places_in_use()) {
        const auto owner = server::Client(place).owner();
        if (!owner || !has_mount(*owner, directory)) continue;
        const Fd process = process_handle(owner->value("pid", 0));
        const auto result = server::Client(place).run("umount", call);
        if (!result) continue;
        // Its last mount: it closes the repository and ends. Who comes next finds it closed.
        if (process && owner->value("life", "") == "mounts" && result->value("mounts", 1) == 0) {
            pollfd ended{process.get(), POLLIN, 0};
            ::poll(&ended, 1, end_of_owner_ms_max);
        }
        renderer.result(*result);
        return ok;
    }
    if (!command::detach_dead_mount(directory))
        throw Error(
            Errc::not_found, fmt::format("no repository is mounted at {}", directory),
            {"`yore info` lists the mounts of a repository; `yore clone remove` ends that of "
             "a clone"});
    nlohmann::json result{{"result", "umount"}, {"mounts", 0}};
    command::put_bytes(result, "directory", directory);
    renderer.result(result);
    return ok;
}

}  // namespace yore::cli
