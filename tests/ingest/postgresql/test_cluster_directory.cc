// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>

#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "ingest/postgresql/cluster_directory.h"

using namespace yore;
using namespace yore::ingest;
namespace fs = std::filesystem;

namespace {

/// A directory that goes with the test.
struct Place {
    Place() : path(fs::temp_directory_path() / fmt::format("yore-test-cluster-{}", ::getpid())) {
        fs::remove_all(path);
        fs::create_directories(path);
    }
    ~Place() { fs::remove_all(path); }
    void write(const std::string& name, const std::string& text) const {
        fs::create_directories((path / name).parent_path());
        std::ofstream(path / name) << text;
    }
    const fs::path path;
};

bool all_wal(std::string_view) {
    return true;
}

}  // namespace

TEST_CASE("of a data directory, what a server leaves out of a backup is left out") {
    for (const char* path : {"PG_VERSION", "base/1/1259", "pg_wal", "pg_wal/archive_status",
                             "pg_wal/000000010000000000000002", "pg_replslot", "backup_label",
                             "log/server.log", "pg_tblspc/16400"})
        CHECK(belongs_into_backup(path, all_wal));
    for (const char* path :
         {"postmaster.pid", "backup_manifest", "base/1/pg_internal.init", "base/pgsql_tmp",
          "pg_wal/archive_status/000000010000000000000002.ready", "pg_replslot/yore",
          "pg_notify/0000"})
        CHECK_FALSE(belongs_into_backup(path, all_wal));
    CHECK_FALSE(belongs_into_backup("pg_wal/x", [](std::string_view) { return false; }));
}

TEST_CASE("a cluster's directory is read with its files' bytes, parents first") {
    const Place place;
    place.write("PG_VERSION", "15\n");
    place.write("base/1/1259", std::string(20000, 'x'));
    place.write("base/1/pg_internal.init", "none");
    fs::create_directory_symlink("/nowhere", place.path / "elsewhere");
    ClusterDirectory reader(place.path.string(), [](std::string_view path) {
        return belongs_into_backup(path, all_wal);
    });
    std::map<std::string, std::string> found;
    while (const auto entry = reader.next()) {
        if (const auto above = entry->path.rfind('/'); above != std::string::npos)
            CHECK(found.contains(entry->path.substr(0, above)));
        std::string bytes(entry->size, '\0');
        if (entry->kind == tree::FileKind::regular)
            CHECK(reader.read({reinterpret_cast<std::byte*>(bytes.data()), bytes.size()}) ==
                  entry->size);
        found[entry->path] = bytes;
    }
    CHECK(found == std::map<std::string, std::string>{{"PG_VERSION", "15\n"},
                                                      {"base", ""},
                                                      {"base/1", ""},
                                                      {"base/1/1259", std::string(20000, 'x')}});
}

TEST_CASE("a cluster that a process has is in use, one that a process left behind is not") {
    const Place place;
    CHECK_NOTHROW(check_stopped(place.path.string()));
    place.write("postmaster.pid", fmt::format("{}\n/data\n", ::getpid()));
    CHECK_THROWS_AS(check_stopped(place.path.string()), Error);
    place.write("postmaster.pid", "2147483646\n/data\n");  // above any system's highest
    CHECK_NOTHROW(check_stopped(place.path.string()));
}

TEST_CASE("tablespaces are what the links lead to, and none may be missing") {
    const Place place;
    fs::create_directories(place.path / "data/pg_tblspc/16500");
    fs::create_directories(place.path / "space");
    fs::create_directory_symlink(place.path / "space", place.path / "data/pg_tblspc/16400");
    const auto found = linked_tablespaces((place.path / "data").string());
    REQUIRE(found.size() == 1);
    CHECK(found[0].oid == 16400);
    CHECK(found[0].location == fs::canonical(place.path / "space").string());
    place.write("data/tablespace_map", "16400 /space\n16600 /gone\n");
    CHECK_THROWS_AS(linked_tablespaces((place.path / "data").string()), Error);
}
