// SPDX-License-Identifier: Apache-2.0
/// A PostgreSQL cluster at a commit, as a data directory: a base backup with the WAL that leads
/// there, and settings with which a server recovers to it and no further (docs/postgresql.md).
#pragma once

#include <yore/catalog/log.h>
#include <yore/store/object_cache.h>
#include <yore/store/writer.h>
#include <yore/timeline/plan.h>
#include <yore/tree/edit.h>

#include <functional>
#include <vector>

namespace yore::view {

/// Keeps a text that is written anew, as a chunk.
using MadeTexts = std::function<ChunkId(ByteView)>;

struct StoredBackup {
    const catalog::Logs& logs;
    const store::ObjectCache& cache;
    std::uint32_t source = 0;
    NodeId root;  ///< as catalog::Snapshot::root
};

/// Edits the tree of the backup: `target` is where the last record to apply begins, in the last of
/// `ranges`. A segment is gone: Errc::not_found; a backup that is none: `corrupt`.
void apply_wal(const StoredBackup&, const std::vector<timeline::LogRange>& ranges,
               LogPosition target, const MadeTexts&, store::NodeSink&, tree::TreeEdit&);

}  // namespace yore::view
