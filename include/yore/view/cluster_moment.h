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

/// Keeps bytes that are written anew, as a chunk.
using MadeTexts = std::function<ChunkId(ByteView)>;

struct StoredBackup {
    const catalog::Logs& logs;
    const store::ObjectCache& cache;
    std::uint32_t source = 0;
    NodeId root;  ///< as catalog::Snapshot::root
};

/// Where a moment ends in its log.
struct LastRecord {
    LogPosition position;  ///< where the last record to apply begins, in the last range
    Timestamp time;
    auto operator<=>(const LastRecord&) const = default;
};

/// Edits the tree of the backup. Nothing behind the last record is in it: as long as the moment can
/// be opened it is the same tree, whatever is stored of the log behind. A segment is gone:
/// Errc::not_found; a backup or a log that is none: `corrupt`.
void apply_wal(const StoredBackup&, const std::vector<timeline::LogRange>& ranges,
               const LastRecord&, const MadeTexts&, store::NodeSink&, tree::TreeEdit&);

}  // namespace yore::view
