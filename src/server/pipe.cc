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
    changed_.wait(lock, [&] { return abandoned_ || waiting_.size() < waiting_bytes_max; });
    if (abandoned_) return false;
    const bool was_empty = waiting_.empty();
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    if (was_empty) changed_.notify_all();
    return true;
}

void Pipe::end(End how) {
    std::scoped_lock lock(mutex_);
    ended_ = true;
    broken_ = how == End::broken;
    changed_.notify_all();
}

void Pipe::take(const std::stop_token& stop) {
    taken_.clear();
    read_ = 0;
    std::unique_lock lock(mutex_);
    const bool ready = changed_.wait(lock, stop, [&] { return ended_ || !waiting_.empty(); });
    if (!ready) throw Error(Errc::cancelled, "interrupted");
    if (broken_) throw Error(Errc::cancelled, "the sender went away before the end of its input");
    std::swap(taken_, waiting_);
    changed_.notify_all();
}

std::size_t Pipe::read(MutableBytes into, const std::stop_token& stop) {
    if (read_ == taken_.size()) take(stop);
    const std::size_t count = std::min(into.size(), taken_.size() - read_);
    std::copy_n(taken_.begin() + static_cast<std::ptrdiff_t>(read_), count, into.begin());
    read_ += count;
    return count;
}

void Pipe::abandon() {
    std::scoped_lock lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
}

}  // namespace yore::server
