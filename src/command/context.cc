// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/guarded.h>
#include <yore/base/log.h>
#include <yore/command/context.h>
#include <yore/view/log_replay.h>

#include <condition_variable>
#include <list>
#include <mutex>

#include "command/log_behind.h"

namespace yore::command {
namespace {

std::string key_file_path(const std::string& directory) {
    return directory + "/repository";
}

}  // namespace

std::string_view name_of(OwnerLife life) {
    switch (life) {
        case OwnerLife::command:
            return "command";
        case OwnerLife::mounts:
            return "mounts";
        case OwnerLife::server:
            return "server";
    }
    return "command";
}

store::KeyFile load_key_file(const std::string& directory) {
    auto found = store::KeyFile::load(key_file_path(directory));
    if (!found)
        throw Error(Errc::not_found, fmt::format("there is no repository in {}", directory),
                    {"`--repo DIR` or YORE_REPO names the repository", "`yore init` makes one"});
    return std::move(*found);
}

Unlocked unlock(const std::string& directory, store::KeyFile key_file,
                const std::optional<store::Credentials>& credentials) {
    auto master = doing([&] { return fmt::format("unlock {}", directory); },
                        [&] { return key_file.unlock(credentials); });
    return {directory, std::move(key_file), std::move(master)};
}

struct Context::State {
    State(Context& context, Unlocked unlocked, std::unique_ptr<store::Store> store_in,
          ContextOptions options_in, const Clock& clock_in, Random& random_in)
        : options(std::move(options_in)),
          clock(clock_in),
          random(random_in),
          directory(std::move(unlocked.directory)),
          key_file(std::move(unlocked.key_file)),
          master_key(std::move(unlocked.master_key)),
          store(std::move(store_in)),
          cache(*store, options.cache_bytes),
          catalog(*store),
          replay(catalog, cache),
          jobs(*store, clock),
          schedules(catalog, clock,
                    [this](std::uint32_t source) {
                        return log_behind(catalog, cache, jobs, source, clock.now());
                    }),
          followers(catalog, clock),
          mounts(options.mounts_changed),
          clones(context, options.mounts_changed) {}

    const ContextOptions options;
    const Clock& clock;
    Random& random;
    const std::string directory;

    std::mutex key_file_mutex;  ///< held while the key file is saved: nobody waits for it but `key`
    store::KeyFile key_file;
    const store::MasterKey master_key;

    // In the order in which each needs the ones before it.
    std::unique_ptr<store::Store> store;
    store::ObjectCache cache;
    catalog::Catalog catalog;
    view::LogReplay replay;
    Jobs jobs;
    Schedules schedules;
    Followers followers;
    std::once_flag view_made;
    std::unique_ptr<view::View> view;
    Mounts mounts;
    std::shared_ptr<void> following_commits;

    Guarded<std::list<std::vector<catalog::References>>> in_use;
    std::mutex upkeep_mutex;
    std::condition_variable_any upkeep_ended;
    bool upkeep_runs = false;

    Clones clones;  ///< its end needs all of the above

    void make_view() {
        view = std::make_unique<view::View>(catalog, cache, clock, &replay);
        following_commits =
            store->on_commit([this](CommitNumber) { mounts.appeared(view->refresh()); });
    }
};

Context::Context(Unlocked unlocked, std::unique_ptr<store::Store> store, ContextOptions options,
                 const Clock& clock, Random& random)
    : state_(std::make_unique<State>(*this, std::move(unlocked), std::move(store),
                                     std::move(options), clock, random)) {
    state_->clones.load();
}
Context::~Context() {
    state_->clones.close_all();
}

const std::string& Context::directory() const {
    return state_->directory;
}
const ContextOptions& Context::options() const {
    return state_->options;
}
store::Store& Context::store() {
    return *state_->store;
}
const store::ObjectCache& Context::cache() const {
    return state_->cache;
}
catalog::Catalog& Context::catalog() {
    return state_->catalog;
}
const view::Replay& Context::replay() const {
    return state_->replay;
}
view::View& Context::view() {
    std::call_once(state_->view_made, [&] { state_->make_view(); });
    return *state_->view;
}
Mounts& Context::mounts() {
    return state_->mounts;
}
Clones& Context::clones() {
    return state_->clones;
}
Jobs& Context::jobs() {
    return state_->jobs;
}
Schedules& Context::schedules() {
    return state_->schedules;
}
Followers& Context::followers() {
    return state_->followers;
}
const Clock& Context::clock() const {
    return state_->clock;
}
Random& Context::random() {
    return state_->random;
}

std::shared_ptr<void> Context::use(std::vector<catalog::References> references) {
    auto& in_use = state_->in_use;
    const auto used =
        in_use.with([&](auto& all) { return all.insert(all.end(), std::move(references)); });
    return std::shared_ptr<void>(
        nullptr, [&in_use, used](void*) { in_use.with([&](auto& all) { all.erase(used); }); });
}

std::vector<catalog::References> Context::in_use() const {
    return state_->in_use.with([](const auto& all) {
        std::vector<catalog::References> together;
        for (const auto& each : all) together.insert(together.end(), each.begin(), each.end());
        return together;
    });
}

std::shared_ptr<const view::MadeObjects> Context::keep_made(const NodeId& root) {
    return state_->replay.keep(root);
}

std::shared_ptr<void> Context::upkeep_turn(const std::stop_token& stop) {
    std::unique_lock lock(state_->upkeep_mutex);
    if (!state_->upkeep_ended.wait(lock, stop, [&] { return !state_->upkeep_runs; }))
        throw Error(Errc::cancelled, "stopped while another collect or verify was running");
    state_->upkeep_runs = true;
    return std::shared_ptr<void>(nullptr, [state = state_.get()](void*) {
        std::scoped_lock relock(state->upkeep_mutex);
        state->upkeep_runs = false;
        state->upkeep_ended.notify_one();
    });
}

void Context::with_key_file(const std::function<void(const store::KeyFile&)>& look) const {
    std::scoped_lock lock(state_->key_file_mutex);
    look(state_->key_file);
}

void Context::change_key_file(
    const std::function<void(store::KeyFile&, const store::MasterKey&)>& change) {
    std::scoped_lock lock(state_->key_file_mutex);
    auto changed = store::KeyFile::decode(state_->key_file.encode());
    change(changed, state_->master_key);
    changed.save(key_file_path(state_->directory));
    state_->key_file = std::move(changed);
}

std::unique_ptr<Context> open_context(const store::RepositoryLock& lock, Unlocked unlocked,
                                      ContextOptions options, const Clock& clock, Random& random) {
    store::OpenOptions open;
    open.store.writer = fmt::format("{}", options.owner.pid);
    auto store =
        store::open_store(unlocked.directory, lock,
                          store::derive(unlocked.key_file, unlocked.master_key), open, clock);
    return std::make_unique<Context>(std::move(unlocked), std::move(store), std::move(options),
                                     clock, random);
}

}  // namespace yore::command
