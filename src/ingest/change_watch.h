// SPDX-License-Identifier: Apache-2.0
/// Learns in which directories of a source something changed, from fanotify(7).
///
/// One mark on the whole file system, so that no directory is ever too new to be watched. Events
/// name directories by handles, never files: those of one directory come together in the kernel
/// and once more here, however fast it changes. A thread reads them at once, so that the kernel's
/// queue (16,384 events) does not fill while what changed is read.
#pragma once

#include <yore/base/fd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>

namespace yore::ingest {

class ChangeWatch {
  public:
    using Time = std::chrono::steady_clock::time_point;
    using Paths = std::set<std::string, std::less<>>;
    struct Changes {
        Paths directories;  ///< from the source's directory, which is ""
        Paths moved;        ///< those of them that a name went from or came to by a rename
        bool lost = false;  ///< others may have changed too
    };
    struct Pending {
        bool any = false;
        Time first, last;  ///< events
    };

    /// `source` is the source's directory; outlives the watch. Its file system cannot be watched,
    /// or others are mounted below (unless `one_file_system`): Errc::unsupported, with its name;
    /// not permitted: Errc::denied.
    ChangeWatch(int source, bool one_file_system);
    ~ChangeWatch();

    /// Until events came after the last return, the time has come, or stop.
    Pending wait_until(Time, const std::stop_token&);
    /// All that is pending. The events' directories are looked for where they are now.
    Changes take();

  private:
    struct Seen {
        std::unordered_map<std::string, bool> handles;  ///< file_handle; whether a rename was seen
        bool lost = false;
        Pending pending;
        std::uint64_t news = 0;
    };
    void read_events(const std::stop_token&);
    void note(const std::string& events);
    bool resolve(const std::string& handle, const std::string& top, std::string& path,
                 bool& is_inside) const;

    const int source_;
    Fd events_, wake_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    Seen seen_;               ///< under the mutex
    std::uint64_t told_ = 0;  ///< news at the last return of wait_until; under the mutex
    std::jthread reader_;
};

}  // namespace yore::ingest
