// SPDX-License-Identifier: Apache-2.0
/// `backup_manifest`: each file of a base backup with its size and checksum, and the log that makes
/// the backup consistent.
///
/// Format: "Backup Manifest Format" in PostgreSQL's documentation; version 1 up to PostgreSQL 16,
/// version 2 from 17 on. The server sends it after all files, so what it says is compared by path
/// with what was summed meanwhile.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/postgresql/lsn.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::postgresql {

enum class ChecksumAlgorithm { none, crc32c, sha224, sha256, sha384, sha512 };

struct ManifestFile {
    std::string path;  ///< below the data directory; bytes, not always UTF-8
    std::uint64_t size = 0;
    std::string last_modified;  ///< `2026-11-21 02:10:57 GMT`; may be empty
    ChecksumAlgorithm algorithm = ChecksumAlgorithm::none;
    std::string checksum;  ///< lower-case hexadecimal; of `none`: empty
    bool operator==(const ManifestFile&) const = default;
};
/// A CRC-32C as manifests have it: its bytes, the lowest first.
std::string crc32c_text(std::uint32_t);
/// The entry of a file with this content, with its CRC-32C.
ManifestFile manifest_file(std::string path, ByteView content, Timestamp modified);

/// Recovery needs every record from `start` up to, but not including, `end`.
struct WalRange {
    Timeline timeline;
    Lsn start, end;
    bool operator==(const WalRange&) const = default;
};

/// All but the files.
struct BackupManifest {
    int version = 0;                                 ///< 1 or 2
    std::optional<std::uint64_t> system_identifier;  ///< in version 2
    std::vector<WalRange> wal_ranges;                ///< the last one's end: the backup's stop
    std::uint64_t file_count = 0;
};

/// Returns the next bytes, which stay until the next call; none: the end.
using NextPiece = std::function<ByteView()>;
/// The entry is gone when it returns.
using OnFile = std::function<void(const ManifestFile&)>;

/// Reads a manifest as it comes; its memory does not grow with the number of files. `on_file` hears
/// of each file before the manifest's own checksum is known to be right: believe it after the
/// return. Paths that come twice are for the caller to notice.
/// Of a newer version: Errc::unsupported. Damaged, a wrong checksum, or paths that lead out of the
/// data directory: Errc::corrupt.
BackupManifest read_backup_manifest(const NextPiece&, const OnFile&);
BackupManifest read_backup_manifest(std::string_view text, const OnFile&);

/// By path: the entry to have instead or in addition; none: no entry.
using ManifestEdits = std::map<std::string, std::optional<ManifestFile>, std::less<>>;

/// The manifest with these edits and its checksum made again; what is new comes last. Without edits
/// it is what PostgreSQL wrote, byte for byte, unless that was told to encode all paths. Errors as
/// when it is read.
std::string edit_backup_manifest(std::string_view text, const ManifestEdits&);

}  // namespace yore::postgresql
