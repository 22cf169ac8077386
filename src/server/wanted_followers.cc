// SPDX-License-Identifier: Apache-2.0
#include "server/wanted_followers.h"

#include <yore/base/log.h>
#include <yore/command/command.h>
#include <yore/command/sources.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include <nlohmann/json.hpp>

namespace yore::server {
namespace {

using Steady = std::chrono::steady_clock;
/// One that went so long did not fail at once: the next failure is the first again.
constexpr std::chrono::minutes went_well{1};

/// Logs that the source is followed, once, and hears what asks for a snapshot.
class FollowedLog final : public command::Output {
  public:
    FollowedLog(const std::string& source, AskedSnapshot& snapshot)
        : source_(source), snapshot_(snapshot) {}
    void event(const nlohmann::json& event) override {
        const auto kind = event.value("event", "");
        if (kind == "tablespace") snapshot_.ask();
        if (kind != "followed") return;
        if (!told_) log_info("source {}: every moment of it is kept from now on", source_);
        told_ = true;
    }
    void bytes(ByteView) override {}

  private:
    const std::string& source_;
    AskedSnapshot& snapshot_;
    bool told_ = false;
};

/// Returns when it is stopped; else what failed.
std::optional<Error> follow(command::Context& context, const std::string& source,
                            AskedSnapshot& snapshot, const std::stop_token& stop) {
    FollowedLog output(source, snapshot);
    command::NoInput input;
    const nlohmann::json request{{"source", source}};
    try {
        command::run(context, "log-follow", {request, output, input, stop});
        return std::nullopt;
    } catch (const Error& error) {
        return error;
    } catch (const std::exception& error) {
        return Error(Errc::io, error.what());
    }
}

/// Of the same source; its policy is no matter of who follows it.
bool reads_otherwise(catalog::Source wanted, const catalog::Source& followed) {
    wanted.retention = followed.retention;
    return command::describe_declared(wanted) != command::describe_declared(followed);
}

}  // namespace

Duration follow_retry_delay(Errc code, unsigned failures) {
    if (code == Errc::unsupported || code == Errc::denied || code == Errc::invalid)
        return seconds(600);
    constexpr unsigned counted_max = 7;  // it is a minute by then
    return std::min(seconds(std::int64_t{1} << (std::min(failures, counted_max) - 1)), seconds(60));
}

WantedFollowers::~WantedFollowers() {
    std::list<Follower*> all;
    for (Follower& follower : followers_) all.push_back(&follower);
    stop(all);
}

void WantedFollowers::want(const std::vector<std::string>& sources) {
    std::vector<catalog::Source> wanted;
    for (const std::string& name : sources)
        if (const auto source = context_.catalog().source(name)) wanted.push_back(*source);
    std::list<Follower*> unwanted;
    for (Follower& follower : followers_) {
        const auto stays = std::ranges::find(wanted, follower.source.id, &catalog::Source::id);
        if (stays == wanted.end() || reads_otherwise(*stays, follower.source)) {
            unwanted.push_back(&follower);
            continue;
        }
        wanted.erase(stays);
        context_.followers().try_now(follower.source);
    }
    stop(unwanted);
    for (catalog::Source& source : wanted) {
        context_.followers().want(source);
        Follower& follower = followers_.emplace_back();
        follower.source = std::move(source);
        follower.snapshot.emplace(context_, follower.source.name);
        follower.thread =
            std::jthread([this, &follower](const std::stop_token& token) { run(follower, token); });
    }
}

/// All at once: each may have much to store before its segment is closed.
void WantedFollowers::stop(const std::list<Follower*>& unwanted) {
    for (Follower* follower : unwanted) follower->thread.request_stop();
    for (Follower* follower : unwanted) {
        follower->thread.join();
        context_.followers().unwant(follower->source);
        followers_.remove_if([&](const Follower& one) { return &one == follower; });
    }
}

void WantedFollowers::run(Follower& follower, const std::stop_token& stop) {
    const std::string& name = follower.source.name;
    std::string told;
    unsigned failures = 0;
    while (!stop.stop_requested()) {
        const auto began = Steady::now();
        const auto failure = follow(context_, name, *follower.snapshot, stop);
        if (!failure || failure->code() == Errc::cancelled) return;
        if (stop.stop_requested()) return log_warning("source {}: {}", name, failure->full_text());
        if (Steady::now() - began > went_well) failures = 0;
        const Duration delay = follow_retry_delay(failure->code(), ++failures);
        context_.followers().failed(follower.source, failure->what(),
                                    context_.clock().now() + delay);
        if (std::exchange(told, failure->what()) != failure->what())
            log_warning("source {} is not followed: {}; it is tried again until it works", name,
                        failure->full_text());
        context_.followers().wait_to_retry(follower.source, delay, stop);
    }
}

}  // namespace yore::server
