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
                 {"it was damaged on its way: take the snapshot again"});
}

void check_file(const postgresql::ManifestFile& file, const ClusterFiles::Sums& sums) {
    const auto sum = sums.find(file.path);
    if (sum == sums.end()) throw different(file.path, "is in the manifest, but did not arrive");
    if (sum->second.size != file.size)
        throw different(file.path, fmt::format("has {} bytes, not {} as the manifest says",
                                               sum->second.size, file.size));
    if (file.algorithm != postgresql::ChecksumAlgorithm::crc32c)
        throw different(file.path, "has another checksum in the manifest than was asked for");
    if (file.checksum != postgresql::crc32c_text(sum->second.crc32c))
        throw different(file.path, "has another checksum than the manifest says");
}

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

}  // namespace

void check_manifest(std::string_view manifest, const ClusterFiles::Sums& sums,
                    const BackupSpan& span, postgresql::SegmentSize size) {
    std::unordered_set<std::string_view> known;
    postgresql::read_backup_manifest(manifest, [&](const postgresql::ManifestFile& file) {
        check_file(file, sums);
        known.insert(sums.find(file.path)->first);
    });
    for (const auto& [path, sum] : sums)
        if (!known.contains(path) && !is_below(path, "pg_wal"))
            throw different(path, "arrived, but is not in the manifest");
    check_wal(sums, span, size);
}

}  // namespace yore::ingest
