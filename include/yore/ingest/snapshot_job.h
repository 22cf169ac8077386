// SPDX-License-Identifier: Apache-2.0
/// Takes one snapshot: reads a source, stores what is new, commits the record.
#pragma once

#include <yore/base/time.h>
#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace yore::ingest {

struct Progress {
    std::uint64_t files_done = 0, directories_done = 0;
    std::uint64_t bytes_done = 0;  ///< of regular files, read or taken over
    std::uint64_t bytes_read = 0, bytes_new = 0, bytes_stored = 0;
    std::optional<std::uint64_t> bytes_expected;  ///< from the previous snapshot
    std::uint64_t problems = 0;
};

struct SnapshotOptions {
    std::map<std::string, std::string> tags;
    std::vector<std::string> avoid;  ///< absolute paths never entered: the repository, own mounts
    std::function<void(const Progress&)> progress;  ///< a few times a second, from any thread
    std::function<void(const catalog::Problem&)> problem;
    /// Called often by the one thread that reads the source, holding nothing but the snapshot's
    /// name and epoch: it may wait there.
    std::function<void()> pause_point;
};

/// Reads `source.directory.path`. The root missing or not a directory: Errc::not_found, nothing is
/// committed. Paths that cannot be read make the outcome partial. Stopped: Errc::cancelled; what
/// was stored by then is found by the next run. A disk that is full: Errc::no_space.
catalog::Snapshot take_directory_snapshot(catalog::Catalog&, const store::ObjectCache&,
                                          const catalog::Source&, const SnapshotOptions&,
                                          const Clock&, std::stop_token);

/// Stores what `read` gives (0 bytes: the end) as one file `file_name`.
using StreamReader = std::function<std::size_t(MutableBytes)>;
catalog::Snapshot take_stream_snapshot(catalog::Catalog&, const store::ObjectCache&,
                                       const catalog::Source&, const std::string& file_name,
                                       const StreamReader& read, const SnapshotOptions&,
                                       const Clock&, std::stop_token);

}  // namespace yore::ingest
