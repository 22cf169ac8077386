// SPDX-License-Identifier: Apache-2.0
/// A new base backup out of an old one and the log: a server recovers a copy of the old one to a
/// commit and is shut down there; what it leaves is stored as a base backup of the same source.
///
/// The new one is the moment's directory with a later beginning: of the log it has in `pg_wal` what
/// a server needs that starts on it, from the redo position of its last restart point on, and its
/// settings end recovery with that commit.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>
#include <yore/store/writer.h>
#include <yore/timeline/plan.h>
#include <yore/tree/directory.h>

namespace yore::ingest {

/// A commit of a cluster, and the base backup that leads to it over the log.
struct RollForward {
    const catalog::Catalog& catalog;
    const store::ObjectCache& cache;
    const catalog::Source& source;
    const catalog::Snapshot& base;
    const timeline::Plan& plan;  ///< from `base`, to a restore point
};

/// Why it cannot be: the source has a later snapshot, or the log makes a tablespace, which no
/// server replays on a copy. Errc::invalid, with what to do.
void check_roll_forward(const RollForward&);

struct RolledCluster {
    tree::DirectoryBuilder::Built tree;
    catalog::SnapshotLog log;
    catalog::BaseBackup facts;
};
/// `left`: the data directory as the server left it; all of it can be read from the store already.
/// What is new goes to the Writer. The server did not come to the commit, or went on behind it:
/// `corrupt`; it has no restart point behind the base backup's beginning, or one on an earlier
/// timeline than the commit's: Errc::invalid, with what to do.
RolledCluster make_base_backup(const RollForward&, const NodeId& left, store::Writer&);

}  // namespace yore::ingest
