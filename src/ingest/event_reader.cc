// SPDX-License-Identifier: Apache-2.0
#include "ingest/event_reader.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace yore::ingest {
namespace {

constexpr std::size_t batch_bytes = 64u << 10;
constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr int longer_rest = 4;

}  // namespace

EventReader::EventReader(Fd events, Duration rest, Note note)
    : events_(std::move(events)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      mounts_(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)),
      rest_ms_(static_cast<int>(rest.ns / ns_per_ms)),
      note_(std::move(note)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

EventReader::~EventReader() {
    thread_.request_stop();
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    thread_.join();
}

void EventReader::run(const std::stop_token& stop) {
    std::array<pollfd, 3> waiting = {
        {{wake_.get(), POLLIN, 0}, {events_.get(), POLLIN, 0}, {mounts_.get(), POLLPRI, 0}}};
    while (!stop.stop_requested()) {
        ::poll(waiting.data(), waiting.size(), -1);
        if (stop.stop_requested()) return;
        const bool is_ours = read_all(waiting[2].revents != 0);
        ::poll(waiting.data(), 1, is_ours ? rest_ms_ : longer_rest * rest_ms_);
    }
}

bool EventReader::read_all(bool mounts) {
    std::array<char, batch_bytes> batch;
    const std::scoped_lock lock(mutex_);
    bool news = mounts;
    mounts_changed_ = mounts_changed_ || mounts;
    while (!broken_) {
        const ssize_t got = ::read(events_.get(), batch.data(), batch.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) {
            log_error("events of changes cannot be read: {}", reason_of(errno));
            broken_ = news = true;
        } else if (note_({batch.data(), static_cast<std::size_t>(got)})) {
            news = true;
        }
    }
    if (!news) return false;
    const Time now = std::chrono::steady_clock::now();
    if (!pending_.any) pending_ = {true, now, now};
    pending_.last = now;
    changed_.notify_all();
    return true;
}

void EventReader::under_lock(const std::function<void()>& body) {
    const std::scoped_lock lock(mutex_);
    body();
}

ChangeWatch::Pending EventReader::wait_until(Time until, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, stop, until, [&] { return pending_.any; });
    return pending_;
}

void EventReader::take(ChangeWatch::Changes& changes, const std::function<void()>& body) {
    const std::scoped_lock lock(mutex_);
    body();
    changes.lost = changes.lost || broken_;
    changes.mounts = mounts_changed_;
    mounts_changed_ = false;
    pending_ = {};
}

}  // namespace yore::ingest
