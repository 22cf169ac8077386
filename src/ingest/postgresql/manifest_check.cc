// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/manifest_check.h"

#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/postgresql/backup_manifest.h>

#include <string>
#include <unordered_set>

namespace yore::ingest {
namespace {

Error different(std::string_view path, std::string_view what) {
    return Error(Errc::corrupt, fmt::format("the base backup's {}: {}", path, what),
                 {"it is not what the server sent: take the backup again"});
}

/// What pg_basebackup writes itself.
bool is_of_copy(std::string_view path) {
    return path == "postgresql.auto.conf" || path == "standby.signal" || path == "recovery.signal";
}

void check_file(const postgresql::ManifestFile& file, const ClusterFiles::Sums& sums,
                ManifestOf what) {
    if (what == ManifestOf::directory && is_of_copy(file.path)) return;
    const auto sum = sums.find(file.path);
    if (sum == sums.end()) throw different(file.path, "is in the manifest, but did not arrive");
    if (sum->second.size != file.size)
        throw different(file.path, fmt::format("has {} bytes, not {} as the manifest says",
                                               sum->second.size, file.size));
    using postgresql::ChecksumAlgorithm;
    if (what == ManifestOf::directory && file.algorithm == ChecksumAlgorithm::none) return;
    if (file.algorithm != ChecksumAlgorithm::crc32c)
        throw different(file.path, "has another checksum in the manifest than CRC-32C");
    if (file.checksum != postgresql::crc32c_text(sum->second.crc32c))
        throw different(file.path, "has another checksum than the manifest says");
}

}  // namespace

/// A timeline ends within a segment, which the next one has, too: which of the two was sent is not
/// asked here.
void check_wal(const ClusterFiles::Sums& sums, const BackupSpan& span,
               postgresql::SegmentSize size) {
    const auto last = size.segment_of({span.stop.lsn.value - 1});
    for (auto segment = size.segment_of(span.start.lsn); segment <= last; ++segment.value) {
        const std::string name = segment_name(span.start.timeline, segment, size);
        const std::string newer = segment_name(span.stop.timeline, segment, size);
        if (!sums.contains(join_path("pg_wal", name)) && !sums.contains(join_path("pg_wal", newer)))
            throw different(join_path("pg_wal", name), "is needed, but did not arrive");
    }
}

void check_manifest(std::string_view manifest, const ClusterFiles::Sums& sums,
                    const BackupSpan& span, postgresql::SegmentSize size, ManifestOf what) {
    std::unordered_set<std::string_view> known;
    postgresql::read_backup_manifest(manifest, [&](const postgresql::ManifestFile& file) {
        check_file(file, sums, what);
        if (const auto sum = sums.find(file.path); sum != sums.end()) known.insert(sum->first);
    });
    for (const auto& [path, sum] : sums)
        if (!known.contains(path) && !is_below(path, "pg_wal") &&
            !(what == ManifestOf::directory && is_of_copy(path)))
            throw different(path, "arrived, but is not in the manifest");
    check_wal(sums, span, size);
}

}  // namespace yore::ingest
