// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/crypto/hash.h>
#include <yore/postgresql/backup_manifest.h>

#include <catch2/catch.hpp>

#include "ingest/postgresql/manifest_check.h"

using namespace yore;
using namespace yore::ingest;

namespace {

const BackupSpan span{{{0x2000028}, {1}}, {{0x3000000}, {1}}};

std::string manifest_of(const std::string& files) {
    const std::string text =
        "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n" + files +
        "\n],\n\"WAL-Ranges\": [\n{ \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", \"End-LSN\": "
        "\"0/3000000\" }\n],\n";
    return text + "\"Manifest-Checksum\": \"" + to_hex(crypto::sha256(as_bytes(text))) + "\"}\n";
}
std::string line(const std::string& path, std::uint64_t size, std::uint32_t crc) {
    return fmt::format(
        "{{ \"Path\": \"{}\", \"Size\": {}, \"Last-Modified\": \"2026-11-21 02:10:57 GMT\", "
        "\"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"{}\" }}",
        path, size, postgresql::crc32c_text(crc));
}

std::string problem(const std::string& manifest, const ClusterFiles::Sums& sums) {
    try {
        check_manifest(manifest, sums, span, {});
    } catch (const Error& error) {
        CHECK(error.code() == Errc::corrupt);
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("what arrived is what the manifest says, and the log that makes it a state") {
    const std::string manifest =
        manifest_of(line("base/1/2", 8192, 5) + ",\n" + line("PG_VERSION", 3, 7));
    const ClusterFiles::Sums sums{{"base/1/2", {8192, 5}},
                                  {"PG_VERSION", {3, 7}},
                                  {"pg_wal/000000010000000000000002", {16 << 20, 1}}};
    CHECK(problem(manifest, sums).empty());

    auto other = sums;
    other["base/1/2"].crc32c = 6;
    CHECK(problem(manifest, other) ==
          "the base backup's base/1/2: has another checksum than the manifest says");
    other = sums;
    other["base/1/2"].size = 8191;
    CHECK(problem(manifest, other) ==
          "the base backup's base/1/2: has 8191 bytes, not 8192 as the manifest says");
    other = sums;
    other.erase("PG_VERSION");
    CHECK(problem(manifest, other) ==
          "the base backup's PG_VERSION: is in the manifest, but did not arrive");
    other = sums;
    other["stray"] = {1, 1};
    CHECK(problem(manifest, other) ==
          "the base backup's stray: arrived, but is not in the manifest");
    other = sums;
    other.erase("pg_wal/000000010000000000000002");
    CHECK(problem(manifest, other) ==
          "the base backup's pg_wal/000000010000000000000002: is needed, but did not arrive");
}

TEST_CASE("in a directory, what pg_basebackup wrote itself is not compared") {
    const std::string manifest = manifest_of(line("postgresql.auto.conf", 88, 5));
    const ClusterFiles::Sums sums{{"postgresql.auto.conf", {120, 6}},
                                  {"standby.signal", {0, 0}},
                                  {"pg_wal/000000010000000000000002", {16 << 20, 1}}};
    CHECK_NOTHROW(check_manifest(manifest, sums, span, {}, ManifestOf::directory));
    CHECK_THROWS_AS(check_manifest(manifest, sums, span, {}), Error);
    auto other = sums;
    other["stray"] = {1, 1};
    CHECK_THROWS_AS(check_manifest(manifest, other, span, {}, ManifestOf::directory), Error);
    other = sums;
    other.erase("pg_wal/000000010000000000000002");
    CHECK_THROWS_AS(check_manifest(manifest, other, span, {}, ManifestOf::directory), Error);
}
