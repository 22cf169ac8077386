// SPDX-License-Identifier: Apache-2.0
/// Follows a directory: keeps a journal of what changes in it, so that any moment can be opened.
///
/// A moment is what the follower read, at the time when it had read it. Changes that come close
/// together are one moment; writes through mmap show when the mapping goes, or at the next rescan.
#pragma once

#include <yore/base/time.h>
#include <yore/catalog/catalog.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace yore::ingest {

struct FollowLimits {
    /// A change is read when its directory was quiet for so long, or after so long at the latest.
    Duration quiet{200'000'000}, delay_max{800'000'000};
    /// A file that is never quiet is read `busy_at_once` times in a row, then once it was quiet for
    /// `busy_quiet`, or after `busy_interval` (or ten times what reading it takes, if that is
    /// longer). From when it is found changed until then it is marked (tree/uncertain.h).
    Duration busy_quiet = seconds(1), busy_interval = seconds(5);
    std::uint32_t busy_at_once = 4;
    /// When nothing changes, so often it is stored that nothing did.
    Duration heartbeat = seconds(60);
    /// So often it is made sure that the directory is still the one: a mount on it, or its end,
    /// raises no event.
    Duration check = seconds(5);
    /// All is looked at again, for changes that raise no event.
    Duration rescan = seconds(3600);
    /// A segment is closed at any of these, and the tree after it is stored.
    Duration segment_age = seconds(600);
    std::uint32_t segment_records = 256, segment_commits = 64;
    /// More changes at once are one record: the tree that they led to.
    std::uint32_t changes_max = 2000;
};

/// Told from the following thread: after each commit, and when changes begin or cease to wait for
/// one. Of a cluster a moment is a commit there, and durable before it can be opened.
struct Followed {
    std::uint64_t moments = 0;  ///< stored since it began
    std::uint64_t records = 0;
    Timestamp known_until;
    Duration lag;              ///< from the first event of the last moment until it was durable
    std::uint64_t lost = 0;    ///< how often events were lost: each time a span is uncertain; of a
                               ///< cluster: how often log was gone before it had come: a gap
    std::uint64_t bytes = 0;   ///< of a cluster's log: durable since it began
    std::uint64_t pinned = 0;  ///< of a cluster's log: what its server has, and not yet this one
    /// The first event, near the source or in it, that was not looked at yet; none: nullopt.
    std::optional<Timestamp> pending_since;
};

/// How changes are learnt of. `automatic`: fanotify where that is permitted, else inotify.
enum class FollowBy : std::uint8_t { automatic, fanotify, inotify };

struct FollowOptions {
    std::vector<std::string> avoid = {};  ///< as SnapshotOptions::avoid
    FollowBy by = FollowBy::automatic;
    FollowLimits limits = {};
    std::function<void(const Followed&)> progress = {};
};

/// Until it is stopped; then what it has read is durable and its segment closed. One at a time for
/// a source. Its file system cannot be followed, or another one is (or comes to be) mounted below,
/// or inotify's limits do not suffice: Errc::unsupported; `by` is not permitted: denied; the
/// directory goes, or another takes its place: not_found.
Followed follow_directory(catalog::Catalog&, const catalog::Source&, const FollowOptions&,
                          const Clock&, std::stop_token);

}  // namespace yore::ingest
