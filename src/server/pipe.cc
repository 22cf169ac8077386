// SPDX-License-Identifier: Apache-2.0
#include "server/pipe.h"

#include <yore/base/error.h>

#include <algorithm>

namespace yore::server {
namespace {
constexpr std::size_t waiting_bytes_max = 1u << 20;
}

bool Pipe::write(ByteView bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return abandoned_ || waiting_.size() - taken_ < waiting_bytes_max; });
    if (abandoned_) return false;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    changed_.notify_all();
    return true;
}

void Pipe::end(End how) {
    std::scoped_lock lock(mutex_);
    ended_ = true;
    broken_ = how == End::broken;
    changed_.notify_all();
}

std::size_t Pipe::read(MutableBytes into, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const bool ready =
        changed_.wait(lock, stop, [&] { return ended_ || taken_ < waiting_.size(); });
    if (!ready) throw Error(Errc::cancelled, "interrupted");
    if (broken_) throw Error(Errc::cancelled, "the sender went away before the end of its input");
    const std::size_t count = std::min(into.size(), waiting_.size() - taken_);
    std::copy_n(waiting_.begin() + static_cast<std::ptrdiff_t>(taken_), count, into.begin());
    taken_ += count;
    changed_.notify_all();
    return count;
}

void Pipe::abandon() {
    std::scoped_lock lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
}

}  // namespace yore::server
