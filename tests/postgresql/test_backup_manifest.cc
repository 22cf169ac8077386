// SPDX-License-Identifier: Apache-2.0
#include <yore/crypto/hash.h>
#include <yore/postgresql/backup_manifest.h>

#include "real_files.h"

using namespace yore;
using namespace yore::postgresql;
using test::code_thrown_by, test::real_file;

namespace {

const OnFile ignore = [](const ManifestFile&) {};

std::vector<ManifestFile> files_of(std::string_view text) {
    std::vector<ManifestFile> files;
    read_backup_manifest(text, [&](const ManifestFile& file) { files.push_back(file); });
    return files;
}

std::string with_sum(const std::string& lines) {
    return lines + "\"Manifest-Checksum\": \"" + to_hex(crypto::sha256(as_bytes(lines))) + "\"}\n";
}
/// With one file, given as JSON.
std::string manifest_of(const std::string& file) {
    return with_sum("{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n" + file +
                    "\n],\n\"WAL-Ranges\": [\n{ \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", "
                    "\"End-LSN\": \"0/2000100\" }\n],\n");
}
std::string replaced(std::string text, std::string_view old_part, std::string_view new_part) {
    return text.replace(text.find(old_part), old_part.size(), new_part);
}
std::optional<Errc> refusal(const std::string& text) {
    return code_thrown_by([&] { read_backup_manifest(text, ignore); });
}

}  // namespace

TEST_CASE("A manifest of PostgreSQL 15 tells its files and the log that it needs") {
    const std::string text = real_file("backup_manifest-15");
    std::map<std::string, ManifestFile> files;
    const BackupManifest manifest = read_backup_manifest(
        text, [&](const ManifestFile& file) { files.emplace(file.path, file); });
    CHECK(manifest.version == 1);
    CHECK_FALSE(manifest.system_identifier);
    CHECK(manifest.file_count == files.size());
    CHECK(manifest.wal_ranges == std::vector<WalRange>{{{1}, {0x2000028}, {0x2000100}}});
    CHECK(files.at("PG_VERSION") ==
          manifest_file("PG_VERSION", as_bytes("15\n"),
                        *parse_time(replaced(files.at("PG_VERSION").last_modified, " GMT", "Z"),
                                    Timestamp{})));
}

TEST_CASE("A manifest of PostgreSQL 18 tells the system identifier too") {
    const BackupManifest manifest = read_backup_manifest(real_file("backup_manifest-18"), ignore);
    CHECK(manifest.version == 2);
    CHECK(manifest.system_identifier == 7710686762208169516u);
}

TEST_CASE("A manifest reads the same in pieces of any size") {
    const std::string text = real_file("backup_manifest-18");
    const auto whole = files_of(text);
    for (std::size_t size : {1u, 2u, 63u, 4096u}) {
        std::size_t at = 0, count = 0;
        std::string piece;
        const NextPiece next = [&] {
            piece = text.substr(at, size);
            at += piece.size();
            return as_bytes(piece);
        };
        read_backup_manifest(next, [&](const ManifestFile& file) {
            REQUIRE(count < whole.size());
            REQUIRE(file == whole[count++]);
        });
        CHECK(count == whole.size());
    }
}

TEST_CASE("A manifest that is cut off or has a byte changed is refused") {
    const std::string text = manifest_of(
        R"({ "Path": "a", "Size": 1, "Last-Modified": "x", "Checksum-Algorithm": "CRC32C", )"
        R"("Checksum": "01020304" })");
    REQUIRE_FALSE(refusal(text));
    for (std::size_t i = 0; i < text.size(); ++i) {
        CAPTURE(i);
        std::string damaged = text;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        CHECK(refusal(damaged));
        CHECK(refusal(text.substr(0, i)) == Errc::corrupt);
    }
}

TEST_CASE("A manifest's paths may be no UTF-8, but lead nowhere else") {
    const auto path_of = [](const std::string& field) {
        return files_of(manifest_of("{ " + field + ", \"Size\": 0 }")).at(0).path;
    };
    CHECK(path_of(R"("Path": "base/1/a \"b\" \\ \u00fc")") == "base/1/a \"b\" \\ \u00fc");
    CHECK(path_of(R"("Encoded-Path": "61ff2f62")") == "a\xff/b");
    for (const char* field :
         {R"("Path": "")", R"("Path": "/etc/passwd")", R"("Path": "../x")", R"("Path": "a/./b")",
          R"("Path": "a//b")", R"("Path": "a/")", R"("Path": "a\u0000b")", R"("Encoded-Path": "6")",
          R"("Encoded-Path": "6g")", R"("Path": "a", "Encoded-Path": "61")", R"("Path": 7)"}) {
        CAPTURE(field);
        CHECK(code_thrown_by([&] { path_of(field); }) == Errc::corrupt);
    }
}

TEST_CASE("Each checksum algorithm has its length") {
    const auto refusal_of = [](const std::string& algorithm, std::size_t bytes) {
        return refusal(manifest_of("{ \"Path\": \"a\", \"Size\": 1, \"Checksum-Algorithm\": \"" +
                                   algorithm + "\", \"Checksum\": \"" +
                                   std::string(2 * bytes, 'a') + "\" }"));
    };
    CHECK_FALSE(refusal_of("CRC32C", 4));
    CHECK_FALSE(refusal_of("SHA224", 28));
    CHECK_FALSE(refusal_of("SHA256", 32));
    CHECK_FALSE(refusal_of("SHA384", 48));
    CHECK_FALSE(refusal_of("SHA512", 64));
    CHECK(refusal_of("SHA512", 32) == Errc::corrupt);
    CHECK(refusal_of("MD5", 16) == Errc::unsupported);
    CHECK(refusal(manifest_of(R"({ "Path": "a", "Size": 1, "Checksum": "01020304" })")) ==
          Errc::corrupt);
}

TEST_CASE("A manifest with a right checksum must still be one") {
    const std::string sound = manifest_of(R"({ "Path": "a", "Size": 1 })");
    const auto refusal_with = [&](std::string_view old_part, std::string_view new_part) {
        const std::string text = replaced(sound, old_part, new_part);
        return refusal(with_sum(text.substr(0, text.rfind("\"Manifest-Checksum\""))));
    };
    REQUIRE_FALSE(refusal_with("Size\": 1", "Size\": 2"));
    CHECK(refusal_with("Version\": 1", "Version\": 3") == Errc::unsupported);
    CHECK(refusal_with("Version\": 1", "Version\": 2") == Errc::corrupt);  // no system identifier
    CHECK(refusal_with("Files", "Other") == Errc::corrupt);
    CHECK(refusal_with(", \"Size\": 1", "") == Errc::corrupt);
    CHECK(refusal_with("\"Size\": 1", "\"Size\": -1") == Errc::corrupt);
    CHECK(refusal_with("\"Size\": 1", "\"Size\": [1]") == Errc::corrupt);
    CHECK(refusal_with("\"Size\": 1", "\"Color\": 1") == Errc::corrupt);
    CHECK(refusal_with("Timeline\": 1", "Timeline\": 0") == Errc::corrupt);
    CHECK(refusal_with("0/2000100", "0/2000000") == Errc::corrupt);
    CHECK(refusal_with("0/2000100", "0-2000100") == Errc::corrupt);
    CHECK(refusal_with("{ \"Postgre", "{ \"Files\": [],\n\"Postgre") == Errc::corrupt);
    CHECK(refusal(sound + "\n") == Errc::corrupt);
    CHECK(refusal(std::string(1 << 20, ' ')) == Errc::corrupt);
}

TEST_CASE("A manifest that is written again without edits is the same") {
    for (const char* name : {"backup_manifest-15", "backup_manifest-18"}) {
        const std::string text = real_file(name);
        CHECK(edit_backup_manifest(text, {}) == text);
    }
    const std::string odd = manifest_of(
        "{ \"Encoded-Path\": \"61ff\", \"Size\": 1, \"Last-Modified\": \"x\" },\n"
        "{ \"Path\": \"\\u0001\\t\\\"\u00fc\", \"Size\": 1, \"Last-Modified\": \"x\" }");
    CHECK(edit_backup_manifest(odd, {}) == odd);
}

TEST_CASE("Files of a manifest are changed, removed and added") {
    const std::string text = real_file("backup_manifest-15");
    const auto changed = manifest_file("postgresql.conf", as_bytes("port = 1\n"), Timestamp{});
    const auto added = manifest_file("new", {}, Timestamp::from_seconds(1, 5));
    CHECK(changed.last_modified == "1970-01-01 00:00:00 GMT");
    CHECK(added.last_modified == "1970-01-01 00:00:01 GMT");
    CHECK(added.checksum == "00000000");
    const std::string edited = edit_backup_manifest(text, {{"postgresql.conf", changed},
                                                           {"backup_label", std::nullopt},
                                                           {"absent", std::nullopt},
                                                           {"new", added}});
    auto expected = files_of(text);
    std::erase_if(expected, [](const ManifestFile& file) { return file.path == "backup_label"; });
    for (ManifestFile& file : expected)
        if (file.path == "postgresql.conf") file = changed;
    expected.push_back(added);
    CHECK(files_of(edited) == expected);
}
