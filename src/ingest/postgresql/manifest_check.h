// SPDX-License-Identifier: Apache-2.0
/// Compares what arrived of a base backup with what the server says that it sent.
#pragma once

#include <yore/postgresql/segment_name.h>

#include <string_view>

#include "ingest/postgresql/base_backup.h"
#include "ingest/postgresql/cluster_files.h"

namespace yore::ingest {

struct BackupSpan {
    BaseBackup::Position start, stop;
};

/// Where the files came from: in a directory, what pg_basebackup may have written itself for a
/// standby is not compared, as pg_verifybackup does, and it may have been told to make no
/// checksums.
enum class ManifestOf { stream, directory };

/// Throws `corrupt`, naming the first file, unless each file of the manifest arrived with its size
/// and checksum, nothing else did but WAL, and the WAL of the span is there.
void check_manifest(std::string_view manifest, const ClusterFiles::Sums&, const BackupSpan&,
                    postgresql::SegmentSize, ManifestOf = ManifestOf::stream);
/// The WAL alone.
void check_wal(const ClusterFiles::Sums&, const BackupSpan&, postgresql::SegmentSize);

}  // namespace yore::ingest
