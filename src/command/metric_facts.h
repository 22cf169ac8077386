// SPDX-License-Identifier: Apache-2.0
/// What is measured of an owner and its repository, and the text that says so: a pure function.
/// The same facts say how things stand (attention.h).
#pragma once

#include <yore/base/time.h>
#include <yore/catalog/job.h>
#include <yore/catalog/proof.h>
#include <yore/catalog/snapshot.h>
#include <yore/catalog/verified.h>
#include <yore/command/followers.h>
#include <yore/mount/operation_times.h>
#include <yore/store/object_cache.h>
#include <yore/store/store.h>
#include <yore/timeline/windows.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace yore::command {

struct SourceFacts {
    std::string name;
    std::uint64_t snapshots = 0;
    std::optional<catalog::Snapshot> latest;
    std::vector<timeline::Window> windows;
    std::optional<FollowerStatus> follower;  ///< who feeds its log here
    std::optional<catalog::Proof> proof = {};
    bool is_fed = true;  ///< else it was removed: how old it gets is no news
    catalog::SourceKind kind = catalog::SourceKind::directory;
    std::optional<Timestamp> log_until = {};  ///< up to when its log is stored, whoever feeds it
    std::optional<Timestamp> paused_since = {};
};

struct MountFacts {
    std::string directory;
    std::optional<std::uint64_t> inodes;  ///< that the kernel knows; not of clones
    mount::MountTimes times;
};

struct CloneFacts {
    std::string name, source = {}, state = {};  ///< `state`: `mounted` …
    Timestamp created;
    std::optional<std::uint64_t> changed_bytes;  ///< when it is mounted
};

struct MetricFacts {
    Timestamp now, started;  ///< `started`: the owner
    std::string version;
    std::vector<SourceFacts> sources;
    std::uint64_t unreadable_sources = 0;
    std::vector<catalog::Job> jobs;
    store::StoreStats store;
    catalog::VerifiedSummary verified;
    std::uint64_t commits = 0;
    bool read_only = false;
    std::optional<std::uint64_t> free_bytes;  ///< of the repository's file system
    store::CacheStats cache;
    std::uint64_t cache_bytes_max = 0;
    std::vector<MountFacts> mounts;
    std::vector<CloneFacts> clones;
};

class Context;
/// Reads a few records of each source, never content; one whose records cannot be read is counted,
/// and logged.
MetricFacts gather_facts(Context&);

std::string metrics_text(const MetricFacts&);

}  // namespace yore::command
