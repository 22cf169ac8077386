// SPDX-License-Identifier: Apache-2.0
#include "server/asked_snapshot.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/command.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

namespace yore::server {
namespace {

/// More may come, and the transaction that has asked is to be over.
constexpr Duration patience{2'000'000'000};
constexpr Duration tried_for{86'400'000'000'000};  // a day

/// Nobody listens: what matters is in the job's record.
struct Unheard final : command::Output {
    void event(const nlohmann::json&) override {}
    void bytes(ByteView) override {}
};

}  // namespace

Duration snapshot_retry_delay(unsigned failures) {
    constexpr unsigned counted_max = 7;  // it is an hour by then
    return std::min(seconds(std::int64_t{60} << (std::min(failures, counted_max) - 1)),
                    seconds(3600));
}

AskedSnapshot::AskedSnapshot(command::Context& context, std::string source)
    : context_(context),
      source_(std::move(source)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void AskedSnapshot::ask() {
    {
        const std::scoped_lock lock(mutex_);
        asked_ = context_.clock().now();
    }
    changed_.notify_all();
}

void AskedSnapshot::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [&] { return asked_.has_value(); })) return;
        }
        rest(patience, stop);
        satisfy(stop);
    }
}

void AskedSnapshot::rest(Duration duration, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, std::chrono::nanoseconds(duration.ns), [] { return false; });
}

void AskedSnapshot::satisfy(const std::stop_token& stop) {
    std::string told;
    Timestamp asked;
    for (unsigned failures = 0; !stop.stop_requested();) {
        {
            const std::scoped_lock lock(mutex_);
            asked = std::exchange(asked_, std::nullopt).value_or(asked);
        }
        const auto failure = take(asked, stop);
        if (!failure || stop.stop_requested()) return;
        const bool ends = context_.clock().now() > asked + tried_for;
        if (ends || *failure != told)
            log_warning("source {}: no snapshot, which its follower asks for: {}; {}", source_,
                        *failure,
                        ends ? "it is no longer tried: take one by hand"
                             : "it is tried again, ever more seldom, for a day");
        if (ends) return;
        told = *failure;
        rest(snapshot_retry_delay(++failures), stop);
    }
}

bool AskedSnapshot::was_taken_since(Timestamp asked) const {
    const auto source = context_.catalog().source(source_);
    const auto latest = source ? context_.catalog().latest(source->id) : std::nullopt;
    return latest && latest->started >= asked;
}

std::optional<std::string> AskedSnapshot::take(Timestamp asked, const std::stop_token& stop) {
    Unheard unheard;
    command::NoInput nothing;
    const nlohmann::json request{{"source", source_}};
    const command::Call call{request, unheard, nothing, stop, command::Call::Origin::schedule};
    try {
        if (was_taken_since(asked)) return std::nullopt;
        command::run(context_, "snapshot", call);
        log_info("source {}: a snapshot was taken, for what its follower has seen", source_);
        return std::nullopt;
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace yore::server
