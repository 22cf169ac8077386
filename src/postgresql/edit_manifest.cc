// SPDX-License-Identifier: Apache-2.0
//
// Written as PostgreSQL's src/backend/backup/backup_manifest.c lays it out.
#include <yore/base/crc32c.h>
#include <yore/base/utf8.h>
#include <yore/crypto/hash.h>
#include <yore/postgresql/backup_manifest.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "postgresql/checksum_algorithm.h"

namespace yore::postgresql {
namespace {

std::string path_field(const std::string& path) {
    if (readable_utf8(path) != path)
        return fmt::format("\"Encoded-Path\": \"{}\"", to_hex(as_bytes(path)));
    return "\"Path\": " + nlohmann::json(path).dump();
}

std::string checksum_fields(const ManifestFile& file) {
    if (file.algorithm == ChecksumAlgorithm::none) return {};
    const auto kind = std::ranges::find(checksum_kinds, file.algorithm, &ChecksumKind::algorithm);
    return fmt::format(", \"Checksum-Algorithm\": \"{}\", \"Checksum\": \"{}\"", kind->name,
                       file.checksum);
}

std::string line_of(const ManifestFile& file) {
    return fmt::format("{{ {}, \"Size\": {}, \"Last-Modified\": {}{} }}", path_field(file.path),
                       file.size, nlohmann::json(file.last_modified).dump(), checksum_fields(file));
}

std::string line_of(const WalRange& range) {
    return fmt::format(R"({{ "Timeline": {}, "Start-LSN": "{}", "End-LSN": "{}" }})",
                       range.timeline.value, to_text(range.start), to_text(range.end));
}

/// The members of a list, one a line.
class Lines {
  public:
    void add(const std::string& line) {
        if (!text_.empty()) text_ += ',';
        text_ += '\n';
        text_ += line;
    }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

std::string with_checksum(std::string lines) {
    const std::string sum = to_hex(crypto::sha256(as_bytes(lines)));
    return std::move(lines) + fmt::format("\"Manifest-Checksum\": \"{}\"}}\n", sum);
}

}  // namespace

std::string crc32c_text(std::uint32_t crc) {
    return fmt::format("{:08x}", __builtin_bswap32(crc));
}

ManifestFile manifest_file(std::string path, ByteView content, Timestamp modified) {
    std::string time = to_rfc3339({modified.ns - modified.ns % 1'000'000'000});
    time.replace(time.find('T'), 1, " ").replace(time.find('Z'), 1, " GMT");
    return {std::move(path), content.size(), std::move(time), ChecksumAlgorithm::crc32c,
            crc32c_text(crc32c(content))};
}

std::string edit_backup_manifest(std::string_view text, const ManifestEdits& edits) {
    Lines files;
    std::set<std::string_view> met;
    const auto manifest = read_backup_manifest(text, [&](const ManifestFile& file) {
        const auto edit = edits.find(file.path);
        if (edit == edits.end()) return files.add(line_of(file));
        met.insert(edit->first);
        if (edit->second) files.add(line_of(*edit->second));
    });
    for (const auto& [path, file] : edits)
        if (file && !met.contains(path)) files.add(line_of(*file));
    Lines ranges;
    for (const WalRange& range : manifest.wal_ranges) ranges.add(line_of(range));

    std::string edited =
        fmt::format("{{ \"PostgreSQL-Backup-Manifest-Version\": {},\n", manifest.version);
    if (manifest.system_identifier)
        edited += fmt::format("\"System-Identifier\": {},\n", *manifest.system_identifier);
    edited +=
        fmt::format("\"Files\": [{}\n],\n\"WAL-Ranges\": [{}\n],\n", files.text(), ranges.text());
    return with_checksum(std::move(edited));
}

}  // namespace yore::postgresql
