// SPDX-License-Identifier: Apache-2.0
/// Stores logical dumps of PostgreSQL clusters: what pg_dump writes, as directories whose files
/// deduplicate from one dump to the next.
#pragma once

#include <yore/ingest/snapshot_job.h>

#include <stop_token>
#include <string>
#include <vector>

namespace yore::ingest {

struct DumpOptions {
    std::vector<std::string> databases;  ///< none: all that take connections, but the templates
    std::string programs;  ///< where pg_dump and pg_dumpall are, absolute; empty: looked for
    std::string scratch;   ///< a directory, absolute; the dump lies below it until it is stored
};

/// The tree is `globals.sql` (roles and tablespaces, by pg_dumpall) and `databases/NAME/`, each as
/// `pg_dump --format=directory` makes it, not compressed: a file for each table, in the order in
/// which its rows lie, for pg_restore. Each database is as it was at one moment of its own. `/`
/// and `%` in names are `%2F` and `%25`. Without a right to see them the passwords of roles are
/// left out, and the snapshot has the tag `globals=without passwords`. A database that is not
/// there: Errc::not_found; a program is missing: `not_found`; what it refuses: `io`, in its words.
/// A dump that was killed is removed from `scratch` by the next one.
///
/// `cluster` is what is dumped, `dumps` the stream source that gets the snapshot.
catalog::Snapshot take_postgresql_dump(catalog::Catalog&, const store::ObjectCache&,
                                       const catalog::Source& cluster, const catalog::Source& dumps,
                                       const DumpOptions&, const SnapshotOptions&, const Clock&,
                                       std::stop_token);

}  // namespace yore::ingest
