// SPDX-License-Identifier: Apache-2.0
/// Learns in which directories of a source something changed, from the kernel's events.
///
/// Two ways: fanotify(7) with one mark on the whole file system, for root; inotify(7) with a watch
/// on each directory, for others. Either tells of directories, never of files: however fast one
/// changes, it is one entry until it is taken.
#pragma once

#include <yore/base/error.h>
#include <yore/catalog/catalog.h>
#include <yore/ingest/follow.h>

#include <chrono>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

namespace yore::ingest {

/// One thread calls it.
class ChangeWatch {
  public:
    using Time = std::chrono::steady_clock::time_point;
    using Paths = std::set<std::string, std::less<>>;
    struct Changes {
        Paths directories;       ///< from the source's directory, which is ""
        Paths moved;             ///< those of them that a name went from or came to by a rename
        bool elsewhere = false;  ///< directories changed of which it cannot be told where they are
        bool lost = false;       ///< events are missing: anything may have changed at any time
        bool mounts = false;     ///< something was mounted or unmounted, anywhere
    };
    struct Pending {
        bool any = false;
        Time first, last;  ///< events
    };

    virtual ~ChangeWatch() = default;
    /// Until something is pending, the time has come, or stop.
    virtual Pending wait_until(Time, const std::stop_token&) = 0;
    /// All that is pending. More directories than may be watched: Errc::unsupported.
    virtual Changes take() = 0;
};

struct WatchOptions {
    FollowBy by = FollowBy::automatic;
    Duration rest{5'000'000};  ///< as EventReader
};

/// `source` is the source's open directory, and outlives the watch. Its file system cannot be
/// watched: as `check_watchable`; not permitted: Errc::denied.
std::unique_ptr<ChangeWatch> watch_changes(int source, const catalog::DirectoryOptions&,
                                           const WatchOptions&);

/// Its file system does not tell of all changes, or another one is mounted below it (and
/// `one_file_system` is not set): Errc::unsupported, with its name.
void check_watchable(int source, const catalog::DirectoryOptions&);

/// The error for a file system that cannot be followed, with its name.
Error not_followed(int source, std::string_view why);

}  // namespace yore::ingest
