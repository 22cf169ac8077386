// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/mounts.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <list>
#include <mutex>
#include <thread>

namespace yore::command {

/// A thread for each mount waits until it is gone, from here or from outside, and marks it. What is
/// marked is cleared away by the next caller, so that no thread ever joins itself.
struct Mounts::State {
    struct Live {
        std::string directory;
        std::shared_ptr<mount::Mount> mount;
        bool gone = false;
        std::thread until_gone;
    };
    std::mutex mutex;
    std::condition_variable went;
    std::list<Live> mounts;
    std::function<void()> changed;

    std::list<Live>::iterator find(const std::string& directory) {
        return std::ranges::find_if(
            mounts, [&](const Live& live) { return !live.gone && live.directory == directory; });
    }
    /// Takes out what is gone; the caller ends it without the lock.
    std::list<Live> take_gone() {
        std::list<Live> gone;
        for (auto at = mounts.begin(); at != mounts.end();) {
            const auto next = std::next(at);
            if (at->gone) gone.splice(gone.end(), mounts, at);
            at = next;
        }
        return gone;
    }
    std::vector<std::shared_ptr<mount::Mount>> all_live() {
        std::vector<std::shared_ptr<mount::Mount>> live_mounts;
        std::scoped_lock lock(mutex);
        for (const Live& live : mounts)
            if (!live.gone) live_mounts.push_back(live.mount);
        return live_mounts;
    }
    static void end(std::list<Live> gone) {
        for (Live& live : gone) live.until_gone.join();
    }
    void watch(Live& live) {
        live.mount->wait();
        log_info("unmounted {}", live.directory);
        {
            std::scoped_lock lock(mutex);
            live.gone = true;
        }
        went.notify_all();
        changed();
    }
};

Mounts::Mounts(std::function<void()> changed) : state_(std::make_unique<State>()) {
    state_->changed = std::move(changed);
}

Mounts::~Mounts() {
    remove_all();
    State::end(state_->take_gone());
}

void Mounts::add(const view::View& view, const store::ObjectCache& cache,
                 const mount::MountOptions& options) {
    std::list<State::Live> gone;
    {
        std::scoped_lock lock(state_->mutex);
        gone = state_->take_gone();
        if (state_->find(options.directory) != state_->mounts.end())
            throw Error(Errc::exists, fmt::format("{} is mounted already", options.directory),
                        {fmt::format("`yore umount {}` ends it", options.directory)});
    }
    State::end(std::move(gone));
    auto mounted = std::make_shared<mount::Mount>(view, cache, options);
    log_info("mounted at {}", options.directory);
    {
        std::scoped_lock lock(state_->mutex);
        auto& live = state_->mounts.emplace_back();
        live.directory = options.directory;
        live.mount = std::move(mounted);
        live.until_gone = std::thread([this, &live] { state_->watch(live); });
    }
    state_->changed();
}

bool Mounts::remove(const std::string& directory) {
    std::shared_ptr<mount::Mount> mount;
    {
        std::scoped_lock lock(state_->mutex);
        const auto found = state_->find(directory);
        if (found == state_->mounts.end()) return false;
        mount = found->mount;
    }
    mount->unmount();
    std::unique_lock lock(state_->mutex);
    state_->went.wait(lock, [&] {
        const auto found = state_->find(directory);
        return found == state_->mounts.end() || found->mount != mount;
    });
    return true;
}

void Mounts::remove_all() {
    for (const auto& mount : state_->all_live()) mount->detach();
    std::unique_lock lock(state_->mutex);
    state_->went.wait(lock,
                      [&] { return std::ranges::all_of(state_->mounts, &State::Live::gone); });
}

std::vector<std::string> Mounts::directories() const {
    std::vector<std::string> directories;
    std::scoped_lock lock(state_->mutex);
    for (const State::Live& live : state_->mounts)
        if (!live.gone) directories.push_back(live.directory);
    return directories;
}

void Mounts::each(const std::function<void(const mount::Mount&)>& visit) const {
    for (const auto& mount : state_->all_live()) visit(*mount);
}

void Mounts::appeared(const std::vector<view::View::Appeared>& names) {
    for (const auto& mount : state_->all_live()) mount->appeared(names);
}

void Mounts::each_known(const std::function<void(const view::Node&)>& visit) const {
    for (const auto& mount : state_->all_live()) mount->each_known(visit);
}

std::string mountpoint_name(const std::string& directory) {
    const std::filesystem::path path(directory);
    std::error_code failed;
    const auto above = std::filesystem::canonical(path.parent_path(), failed);
    if (failed) return directory;
    if (std::filesystem::is_symlink(path, failed)) {
        const auto whole = std::filesystem::canonical(path, failed);
        if (!failed) return whole;
    }
    return (above / path.filename()).string();
}

bool detach_dead_mount(const std::string& directory) {
    return mount::detach_dead_mount(directory);
}

}  // namespace yore::command
