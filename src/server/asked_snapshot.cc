// SPDX-License-Identifier: Apache-2.0
#include "server/asked_snapshot.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/command.h>

#include <chrono>

#include <nlohmann/json.hpp>

#include "server/wanted_followers.h"

namespace yore::server {
namespace {

/// More may come, and the transaction that has asked is to be over.
constexpr Duration patience{2'000'000'000};

/// Nobody listens: what matters is in the job's record.
struct Unheard final : command::Output {
    void event(const nlohmann::json&) override {}
    void bytes(ByteView) override {}
};

}  // namespace

AskedSnapshot::AskedSnapshot(command::Context& context, std::string source)
    : context_(context),
      source_(std::move(source)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void AskedSnapshot::ask() {
    {
        const std::scoped_lock lock(mutex_);
        asked_ = true;
    }
    changed_.notify_all();
}

void AskedSnapshot::run(const std::stop_token& stop) {
    const auto rest = [&](Duration duration) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, stop, std::chrono::nanoseconds(duration.ns), [] { return false; });
        asked_ = false;
    };
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [&] { return asked_; })) return;
        }
        rest(patience);
        for (unsigned failures = 0; !stop.stop_requested();
             rest(follow_retry_delay(Errc::io, failures)))
            if (take(stop, ++failures)) break;
    }
}

/// Whether it is there.
bool AskedSnapshot::take(const std::stop_token& stop, unsigned failures) {
    Unheard unheard;
    command::NoInput nothing;
    const nlohmann::json request{{"source", source_}};
    const command::Call call{request, unheard, nothing, stop, command::Call::Origin::schedule};
    try {
        command::run(context_, "snapshot", call);
        log_info("source {}: a snapshot was taken, for what its follower has seen", source_);
        return true;
    } catch (const std::exception& error) {
        if (!stop.stop_requested() && failures == 1)
            log_warning(
                "source {}: no snapshot, which its follower asks for: {}; it is tried "
                "again until it works",
                source_, error.what());
    }
    return false;
}

}  // namespace yore::server
