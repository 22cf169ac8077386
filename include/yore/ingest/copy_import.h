// SPDX-License-Identifier: Apache-2.0
/// Takes dated copies as snapshots of a source, each as of its time.
///
/// A file that is as in the copy before is not read, as with any snapshot. Where copies share files
/// by hard links, the time of change of an inode moves whenever a copy comes or goes; so a file
/// whose inode, size, time of modification, owner and mode are those of the copy before is not read
/// either. It is found wrong only if its bytes were changed in place between the readings of two
/// copies, with its time of modification set back.
///
/// What file systems count as links of a file in other copies is not kept: only those in its own.
#pragma once

#include <yore/ingest/snapshot_job.h>

#include <optional>

namespace yore::ingest {

/// The tag of an imported snapshot: when it was (RFC 3339).
inline constexpr const char* imported_tag = "imported";

class CopyImport {
  public:
    /// All outlive it. `directory` holds the copies, absolute.
    struct Parts {
        catalog::Catalog& catalog;
        const store::ObjectCache& cache;
        const catalog::Source& source;
        const std::string& directory;
        const Clock& clock;
    };
    explicit CopyImport(const Parts&);

    /// `path` is the copy, or the part of it that is taken. The snapshot starts and ends at `time`.
    /// The newest snapshot is later, since another was taken meanwhile: Errc::busy. Otherwise as
    /// take_directory_snapshot. One thread, oldest first.
    catalog::Snapshot take(const std::string& path, Timestamp time, const SnapshotOptions&,
                           std::stop_token);

  private:
    /// When the last one was read here.
    struct Last {
        SnapshotId id;
        Timestamp started, ended;
    };
    const Parts parts_;
    std::optional<Last> last_;
};

}  // namespace yore::ingest
