// SPDX-License-Identifier: Apache-2.0
/// Reads a queue of the kernel's events at once, from a thread of its own, so that the queue
/// (16,384 events) does not fill while what changed is read.
///
/// After each batch it rests a moment: events of one directory come together in the kernel
/// meanwhile. It rests four times as long after one that was no concern of ours, so that others on
/// a busy file system do not wake it all the time.
#pragma once

#include <yore/base/fd.h>
#include <yore/base/time.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "ingest/change_watch.h"

namespace yore::ingest {

class EventReader {
  public:
    using Time = ChangeWatch::Time;
    /// Given whole events as they were read, under the lock, from the reader's thread. Whether any
    /// of them may concern us.
    using Note = std::function<bool(std::string_view events)>;

    /// `events` is not blocking.
    EventReader(Fd events, Duration rest, Note);
    ~EventReader();
    EventReader(const EventReader&) = delete;

    int events() const { return events_.get(); }
    /// As ChangeWatch::wait_until.
    ChangeWatch::Pending wait_until(Time, const std::stop_token&);
    /// Runs `body` under the lock; then nothing is pending any more. Sets what only the reader
    /// knows: `lost` when events can be read no more, `mounts`.
    void take(ChangeWatch::Changes&, const std::function<void()>& body);
    /// Runs `body` under the lock.
    void under_lock(const std::function<void()>& body);

  private:
    void run(const std::stop_token&);
    /// Whether anything of it may concern us.
    bool read_all(bool mounts);

    const Fd events_, wake_, mounts_;
    const int rest_ms_;
    const Note note_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    // Under the mutex.
    ChangeWatch::Pending pending_;
    bool broken_ = false, mounts_changed_ = false;
    std::jthread thread_;
};

}  // namespace yore::ingest
