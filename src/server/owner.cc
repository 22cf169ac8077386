// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/text.h>
#include <yore/server/owner.h>

#include <future>

#include "server/calls.h"
#include "server/clone_keeper.h"
#include "server/scheduler.h"
#include "server/service.h"

namespace yore::server {

struct Owner::State {
    State(store::RepositoryLock lock_in, Random& random_in)
        : lock(std::move(lock_in)), random(random_in) {}

    // What is further down goes first: the socket, the store, the lock.
    store::RepositoryLock lock;
    Random& random;
    std::promise<command::Context*> opened;
    Calls calls;
    std::unique_ptr<command::Context> context;
    std::unique_ptr<Scheduler> scheduler;  ///< of a resident owner, as the next
    std::unique_ptr<CloneKeeper> clone_keeper;
    std::unique_ptr<Service> service;

    void serve(const Place& place, const store::KeyFile& key_file,
               const command::ContextOptions& options, const std::string& directory) {
        nlohmann::json who{{"pid", options.owner.pid},
                           {"since", to_rfc3339(options.owner.since)},
                           {"version", YORE_VERSION},
                           {"id", key_file.repository().hex()},
                           {"life", command::name_of(options.life)}};
        command::put_bytes(who, "command", options.owner.command);
        command::put_bytes(who, "repository", directory);
        service = std::make_unique<Service>(place, calls, std::move(who),
                                            opened.get_future().share(), random);
    }
};

Owner::Owner() = default;

std::unique_ptr<Owner> Owner::take(command::Unlocked&& unlocked, command::ContextOptions options,
                                   const Place& place, const Clock& clock, Random& random) {
    auto lock = store::RepositoryLock::try_take(unlocked.directory, options.owner);
    if (!lock) return nullptr;
    std::unique_ptr<Owner> owner(new Owner);
    owner->state_ = std::make_unique<State>(std::move(*lock), random);
    State& state = *owner->state_;
    options.runtime_directory = place.directory;
    options.mounts_changed = [&state] { state.calls.changed(); };
    state.serve(place, unlocked.key_file, options, unlocked.directory);
    try {
        state.context = command::open_context(state.lock, std::move(unlocked), std::move(options),
                                              clock, random);
    } catch (...) {
        state.opened.set_exception(std::current_exception());
        state.calls.close_when([] { return true; });
        throw;
    }
    state.opened.set_value(state.context.get());
    if (state.context->options().life != command::OwnerLife::command) {
        state.scheduler = std::make_unique<Scheduler>(*state.context, state.calls);
        state.clone_keeper = std::make_unique<CloneKeeper>(*state.context, state.calls);
    }
    return owner;
}

Owner::~Owner() {
    state_->calls.stop_all();
    state_->service.reset();
    state_->clone_keeper.reset();
    state_->scheduler.reset();
}

command::Context& Owner::context() {
    return *state_->context;
}

void Owner::finish(std::stop_token stop) {
    const std::stop_callback stopping(stop, [&] {
        state_->calls.stop_all();
        state_->calls.changed();
    });
    auto& mounts = state_->context->mounts();
    auto& clones = state_->context->clones();
    const bool until_stopped = state_->context->options().life == command::OwnerLife::server;
    state_->calls.close_when([&] {
        const bool idle = !until_stopped && mounts.directories().empty() && clones.live() == 0;
        return stop.stop_requested() || idle;
    });
    mounts.remove_all();
    clones.close_all();
}

std::stop_token Owner::drain_asked() const {
    return state_->calls.drain_asked();
}

std::stop_token Owner::drained() const {
    return state_->calls.drained();
}

std::vector<std::string> Owner::calls() const {
    return state_->calls.in_progress();
}

Error taken_over() {
    return {Errc::busy,
            "ended: another process takes the repository over (`yore serve --replace`)",
            {"given again, it goes on there, unless that process does the same by itself"}};
}

}  // namespace yore::server
