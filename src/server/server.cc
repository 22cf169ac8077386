// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/sources.h>
#include <yore/server/server.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include <fmt/ranges.h>

#include "server/metrics_port.h"
#include "server/wanted_followers.h"
#include "server/wanted_mounts.h"

namespace yore::server {
namespace {

using Clock = std::chrono::steady_clock;

void log_declared(const catalog::Source& source, const command::Declared& declared) {
    if (declared.added) log_info("source {}: added, {}", source.name, source.directory.path);
    if (!declared.changes.empty())
        log_info("source {}: changed: {}", source.name, fmt::join(declared.changes, ", "));
    if (declared.victims > 0)
        log_warning("source {}: because of its new policy the next prune removes {} snapshots",
                    source.name, declared.victims);
    if (!declared.left_slot.empty())
        log_warning(
            "source {}: a server that its conninfo no longer names may keep its log for the "
            "slot {}: drop that there",
            source.name, declared.left_slot);
}

/// One that cannot be declared is left as it is: the others go on.
void declare(command::Context& context, const catalog::Source& source) {
    try {
        log_declared(source, command::declare_source(context, source));
    } catch (const Error& error) {
        log_error("{}", error.full_text());
    }
    std::error_code failed;
    if (!std::filesystem::is_directory(source.directory.path, failed))
        log_warning("source {}: {} is not a directory now", source.name, source.directory.path);
}

void declare_all(command::Context& context, const std::vector<catalog::Source>& sources) {
    for (const catalog::Source& source : sources) declare(context, source);
    for (const catalog::Source& known : context.catalog().sources())
        if (!known.removed && std::ranges::count(sources, known.name, &catalog::Source::name) == 0)
            log_info("source {}: not in the configuration; it stays as it is", known.name);
}

/// Those of sources that could not be declared are left out, so that the others run.
void configure_schedules(command::Context& context, const Config& config) {
    const auto is_lost = [&](const ScheduleSpec& spec) {
        const bool lost = !spec.source.empty() && !context.catalog().source(spec.source);
        if (lost) log_error("a schedule is left out: there is no source {}", spec.source);
        return lost;
    };
    auto specs = config.schedules, otherwise = config.default_schedules;
    std::erase_if(specs, is_lost);
    std::erase_if(otherwise, is_lost);
    try {
        context.schedules().configure(specs, otherwise);
    } catch (const Error& error) {
        log_error("{}; schedules stay as they were", error.full_text());
    }
}

/// What a configuration keeps going, besides the schedules.
struct Wanted {
    explicit Wanted(command::Context& context)
        : mounts(context), followers(context), metrics(context) {}
    WantedMounts mounts;
    WantedFollowers followers;
    MetricsPort metrics;
};

}  // namespace

struct Server::State {
    State(Config config_in, std::string path_in, Notifier& notifier_in)
        : config(std::move(config_in)), path(std::move(path_in)), notifier(notifier_in) {}

    Config config;
    const std::string path;
    Notifier& notifier;

    std::mutex mutex;  ///< of what follows; taken alone
    std::condition_variable changed;
    bool reload_asked = false;

    void wake() {
        { std::scoped_lock lock(mutex); }  // who waits has not looked yet, or is woken
        changed.notify_all();
    }
    void carry_out(Owner& owner, Wanted& wanted) {
        declare_all(owner.context(), config.sources);
        configure_schedules(owner.context(), config);
        wanted.mounts.want(config.mounts);
        wanted.followers.want(config.followed);
        wanted.metrics.want(config.metrics.listen);
    }
    bool take_new_config();
    void reload(Owner&, Wanted&);
    void work(Owner&, const std::stop_token& stop);
    bool wait(Clock::time_point until, const std::stop_token& stop, const std::stop_token& drained);
};

Server::Server(Config config, std::string path, Notifier& notifier)
    : state_(std::make_unique<State>(std::move(config), std::move(path), notifier)) {}
Server::~Server() = default;

void Server::reload() {
    std::scoped_lock lock(state_->mutex);
    state_->reload_asked = true;
    state_->changed.notify_all();
}

/// Of a file with mistakes nothing is taken: false.
bool Server::State::take_new_config() {
    auto reading = load_config(path);
    for (const ConfigMistake& mistake : reading.mistakes) log_error("{}: {}", path, mistake.what());
    if (!reading.mistakes.empty()) return false;
    if (reading.config.repository != config.repository) {
        log_error("{}: repository: it cannot change from {} to {} while the server runs", path,
                  config.repository, reading.config.repository);
        return false;
    }
    if (reading.config.secret != config.secret)
        log_info("{}: the new place of the secret counts from the next start", path);
    if (reading.config.cache_bytes != config.cache_bytes)
        log_info("{}: the new cache_size counts from the next start", path);
    config = std::move(reading.config);
    return true;
}

void Server::State::reload(Owner& owner, Wanted& wanted) {
    notifier.reloading();
    try {
        if (take_new_config()) {
            log_info("{}: read again", path);
            carry_out(owner, wanted);
        } else {
            log_error("{}: not taken; the server goes on as before", path);
        }
    } catch (const Error& error) {
        log_error("{}; the server goes on as before", error.full_text());
    }
    notifier.ready();
}

/// Whether to read the configuration again.
bool Server::State::wait(Clock::time_point until, const std::stop_token& stop,
                         const std::stop_token& drained) {
    std::unique_lock lock(mutex);
    changed.wait_until(lock, until, [&] {
        return reload_asked || stop.stop_requested() || drained.stop_requested();
    });
    return std::exchange(reload_asked, false);
}

void Server::State::work(Owner& owner, const std::stop_token& stop) {
    const auto drained = owner.drained();
    const std::stop_callback on_stop(stop, [this] { wake(); });
    const std::stop_callback on_drained(drained, [this] { wake(); });
    Wanted wanted(owner.context());
    carry_out(owner, wanted);
    bool ready = false;
    Clock::time_point alive_due = Clock::now();
    while (!stop.stop_requested() && !drained.stop_requested()) {
        Clock::time_point until = Clock::now() + std::chrono::hours(1);
        if (const auto due = wanted.mounts.step(Clock::now())) until = std::min(until, *due);
        if (!std::exchange(ready, true)) {
            notifier.ready();
            log_info("serving {}", owner.context().directory());
        }
        if (const auto period = notifier.alive_period()) {
            if (Clock::now() >= alive_due) {
                notifier.alive();
                alive_due = Clock::now() + *period;
            }
            until = std::min(until, alive_due);
        }
        if (wait(until, stop, drained)) reload(owner, wanted);
    }
    if (drained.stop_requested()) log_info("drained: a successor takes over");
}

void Server::run(Owner& owner, std::stop_token stop) {
    state_->work(owner, stop);
    state_->notifier.stopping();
    owner.finish(stop);
    log_info("stopped");
}

}  // namespace yore::server
