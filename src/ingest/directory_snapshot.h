// SPDX-License-Identifier: Apache-2.0
/// One directory read into one snapshot, whatever it stands for.
#pragma once

#include "ingest/before.h"
#include "ingest/link_counts.h"
#include "ingest/predecessor.h"
#include "ingest/snapshot_run.h"

namespace yore::ingest {

/// The one place where a link is followed: the source may be given as one. There is none:
/// Errc::not_found.
Fd open_source(const std::string& path);

/// How a directory is read.
struct DirectoryReading {
    Fd root;
    Before before;
    TrustRule trust = {};               ///< of what `before` holds
    const LinkCounts* links = nullptr;  ///< corrects the counts of links; null: they are right
    bool inode_tells = false;           ///< as Walk::Parts
    std::function<void(catalog::Snapshot&)> describe = {};  ///< as SnapshotRun::Work
};
/// As take_directory_snapshot.
catalog::Snapshot take(const SnapshotRun::Order&, DirectoryReading, std::stop_token);

}  // namespace yore::ingest
