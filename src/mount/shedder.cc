// SPDX-License-Identifier: Apache-2.0
#include "mount/shedder.h"

#include <yore/base/error.h>
#include <yore/tree/directory.h>

#include <chrono>
#include <string>

#include "mount/fuse.h"

namespace yore::mount {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t batch = 512;
/// Between tries while the kernel lets nothing go: all of it is in use, or its replies or forgets
/// are on their way. After the longest pause it waits for the next look.
constexpr milliseconds pause_min{5}, pause_max{1000};

}  // namespace

Shedder::Shedder(InodeTable& inodes, const store::ObjectCache& cache, std::uint64_t budget)
    : inodes_(inodes), cache_(cache), budget_(budget) {}

void Shedder::start(fuse_session* session) {
    session_ = session;
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Shedder::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

void Shedder::look() {
    if (inodes_.size() <= budget_ || wanted_) return;
    {
        std::scoped_lock lock(mutex_);
        wanted_ = true;
    }
    changed_.notify_one();
}

void Shedder::run(const std::stop_token& stop) {
    while (true) {
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [&] { return wanted_.load(); })) return;
        }
        come_down(stop);
        wanted_ = false;
    }
}

void Shedder::come_down(const std::stop_token& stop) {
    milliseconds pause = pause_min;
    while (inodes_.size() > budget_ && pause <= pause_max && !stop.stop_requested()) {
        if (let_go(inodes_.take_cold(budget_, batch)) > 0) {
            pause = pause_min;
            continue;
        }
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, stop, pause, [] { return false; });
        pause *= 2;
    }
}

/// How many of them.
std::size_t Shedder::let_go(const std::vector<InodeTable::Cold>& cold) {
    std::size_t count = 0;
    for (const InodeTable::Cold& one : cold) {
        try {
            const std::string name =
                one.name.empty()
                    ? std::string(tree::entry_at(cache_, one.node.leaf, one.node.place).name())
                    : one.name;
            if (fuse_lowlevel_notify_inval_entry(session_, one.parent, name.c_str(), name.size()) ==
                0)
                ++count;
            else  // not known yet: the reply that tells the kernel of it is on its way
                inodes_.keep(one.node.identity);
        } catch (const Error&) {
            continue;  // its name cannot be read any more: it stays
        }
    }
    return count;
}

}  // namespace yore::mount
