// SPDX-License-Identifier: Apache-2.0
/// Backs PostgreSQL clusters up, versions 13 to 18, through their replication protocol.
#pragma once

#include <yore/ingest/snapshot_job.h>

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

namespace yore::ingest {

/// Checks what libpq takes for a conninfo, without connecting. Wrong, or with a password in it
/// (which would be seen by who may list sources): Errc::invalid, with what to do instead.
void check_conninfo(const std::string& conninfo);
/// Of what a slot may keep (catalog::PostgresqlOptions): too little to be meant is Errc::invalid.
void check_slot_limit(std::uint64_t bytes);

struct BaseBackupOptions {
    bool spread_checkpoint = false;               ///< else an immediate one
    std::optional<std::uint32_t> max_rate_kib_s;  ///< 32 to 1048576; absent: as fast as it goes
};

/// A base backup, streamed into the store, with the WAL that makes it a state: the tree starts by
/// itself. Every file is compared with the server's manifest. Pages that the server finds damaged
/// are problems of the snapshot, which is kept. The server cannot be reached or breaks off: `io`;
/// refuses: `denied` or `invalid`; is of another version: `unsupported`; another cluster than
/// before: `invalid`; what arrives is not what the manifest says, or its WAL is not whole:
/// `corrupt`; a tablespace was made meanwhile, also when it was taken once more: `busy`. Then
/// nothing is committed but chunks, which the next run finds.
catalog::Snapshot take_postgresql_snapshot(catalog::Catalog&, const store::ObjectCache&,
                                           const catalog::Source&, const BaseBackupOptions&,
                                           const SnapshotOptions&, const Clock&, std::stop_token);

/// The same of files in a directory: a finished pg_basebackup in plain format with its manifest, or
/// a cluster that was shut down. The snapshot's time is that of the state: when the manifest, or
/// pg_control, was written. In use by a server, changed while it is read, or a tablespace was made
/// while pg_basebackup ran: `busy`; neither of both, or from before the source's newest snapshot:
/// `invalid`; no WAL for it: `corrupt`.
catalog::Snapshot take_postgresql_directory_snapshot(catalog::Catalog&, const store::ObjectCache&,
                                                     const catalog::Source&,
                                                     const std::string& directory,
                                                     const SnapshotOptions&, const Clock&,
                                                     std::stop_token);

struct UpgradedSystem {
    std::uint32_t system = 0;  ///< its number among those of the source
    std::uint64_t identifier = 0;
    std::uint32_t server_version = 0;  ///< as server_version_num: 150018
    std::uint32_t timeline = 0;
    std::string log;  ///< `sys2-00000001`
};
/// Asks the server of the source, or of the conninfo that takes the place of its own, which is
/// another cluster since pg_upgrade made it anew: from now on the source is that one. What is
/// stored of those before stays. With a conninfo, that of an upgraded source is all that changes
/// when it leads to the newest one. Else the same one, one from before it, or that nothing is
/// stored yet, is Errc::invalid; other errors as take_postgresql_snapshot.
UpgradedSystem upgrade_system(catalog::Catalog&, const catalog::Source&,
                              const std::optional<std::string>& conninfo, const Clock&,
                              const std::stop_token&);

}  // namespace yore::ingest
