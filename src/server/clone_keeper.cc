// SPDX-License-Identifier: Apache-2.0
#include "server/clone_keeper.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/command.h>

#include <condition_variable>
#include <mutex>

#include <nlohmann/json.hpp>

namespace yore::server {
namespace {

/// Nobody listens: what matters is in the job's record.
struct Unheard final : command::Output {
    void event(const nlohmann::json&) override {}
    void bytes(ByteView) override {}
};

}  // namespace

CloneKeeper::CloneKeeper(command::Context& context, Calls& calls,
                         std::chrono::milliseconds retry_after)
    : context_(context),
      calls_(calls),
      retry_after_(retry_after),
      thread_([this](const std::stop_token& stop) { keep(stop); }) {}

void CloneKeeper::keep(const std::stop_token& stop) {
    mount_all(stop);
    while (const auto ended = context_.clones().wait_for_end(stop)) {
        if (remove(*ended, stop)) continue;
        std::mutex alone;
        std::unique_lock lock(alone);
        std::condition_variable_any().wait_for(lock, stop, retry_after_, [] { return false; });
    }
}

void CloneKeeper::mount_all(const std::stop_token& stop) {
    const auto ticket = calls_.begin("clones are mounted");
    if (!ticket) return;
    const std::stop_callback stopped(stop, [&] { ticket->stop().request_stop(); });
    try {
        context_.clones().mount_all(ticket->stop().get_token());
    } catch (const std::exception& error) {
        log_error("clones: {}", error.what());
    }
}

/// Those who use it get errors: who gave it a time to end meant it.
bool CloneKeeper::remove(const std::string& name, const std::stop_token& stop) {
    const auto ticket = calls_.begin("clone-remove (its time is over)");
    if (!ticket) return false;
    log_info("clone {}: its time is over", name);
    const nlohmann::json request{{"clone", name}, {"force", true}};
    Unheard unheard;
    command::NoInput nothing;
    try {
        command::run(context_, "clone-remove",
                     {request, unheard, nothing, stop, command::Call::Origin::schedule});
        return true;
    } catch (const std::exception& error) {
        log_error("clone {}: it cannot be removed: {}", name, error.what());
        return false;
    }
}

}  // namespace yore::server
