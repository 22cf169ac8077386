// SPDX-License-Identifier: Apache-2.0
#include <yore/chunker/chunker.h>

#include <string>

#include <catch2/catch.hpp>

using namespace yore;
using namespace yore::chunker;

namespace {

bool fixed(std::string_view path, std::uint64_t size, ByteView first_bytes = {}) {
    const std::size_t slash = path.rfind('/');
    const bool bare = slash == std::string_view::npos;
    return choose_cutting({.name = bare ? path : path.substr(slash + 1),
                           .parent = bare ? "" : path.substr(0, slash),
                           .size = size,
                           .first_bytes = first_bytes}) == Cutting::fixed;
}
std::string sqlite_header(unsigned high, unsigned low) {
    std::string header("SQLite format 3\0", 16);
    header += static_cast<char>(high);
    header += static_cast<char>(low);
    return header + std::string(82, '\0');
}

}  // namespace

TEST_CASE("PostgreSQL relation files and their forks are cut in blocks") {
    for (const char* path :
         {"base/16384/2619", "/var/lib/postgresql/15/main/base/1/1259", "base/5/16397.1",
          "base/5/2619_fsm", "base/5/2619_vm", "base/5/16400_init", "base/5/16397_fsm.2",
          "global/1262", "/x/global/1262_vm", "pg_tblspc/16390/PG_15_202209061/5/16391",
          "/mnt/fast/PG_15_202209061/5/16391.12", "base/5/", "pg_xact/0000",
          "pg_multixact/offsets/0A1F"}) {
        CAPTURE(path);
        CHECK(fixed(path, 16384) == !std::string_view(path).ends_with('/'));
    }
}

TEST_CASE("WAL segments are cut in larger blocks, what only resembles them by content") {
    const std::string page = "\x10\xd1" + std::string(4094, '\0');
    auto cutting = [&](std::string_view name, std::uint64_t size, std::string_view first_bytes) {
        return choose_cutting(
            {.name = name, .parent = "pg_wal", .size = size, .first_bytes = as_bytes(first_bytes)});
    };
    constexpr std::string_view name = "0000000100000000000000A4";
    CHECK(cutting(name, 16u << 20, page) == Cutting::log);
    CHECK(cutting(name, 1u << 30, page) == Cutting::log);
    CHECK(cutting(name, 16u << 20, "") == Cutting::log);
    for (const std::uint64_t size : {0u, 512u << 10, (16u << 20) - 1, 24u << 20})
        CHECK(cutting(name, size, page) == Cutting::content_defined);
    CHECK(cutting(name, 16u << 20, std::string(4096, 'x')) == Cutting::content_defined);
    CHECK(cutting("00000001.history", 16u << 20, page) == Cutting::content_defined);
    CHECK(cutting("0000000100000000000000AX", 16u << 20, page) == Cutting::content_defined);
}

TEST_CASE("what only resembles a relation file is cut by content") {
    CHECK_FALSE(fixed("base/16384/2619", 16385));
    CHECK_FALSE(fixed("base/16384/2619", 0));
    CHECK_FALSE(fixed("base/16384/PG_VERSION", 8192));
    CHECK_FALSE(fixed("base/16384/pg_filenode.map", 8192));
    CHECK_FALSE(fixed("base/16384/2619_old", 8192));
    CHECK_FALSE(fixed("base/16384/2619.1.2", 8192));
    CHECK_FALSE(fixed("base/16384/2619.", 8192));
    CHECK_FALSE(fixed("base/photos/2619", 8192));
    CHECK_FALSE(fixed("photos/2024/2619", 8192));
    CHECK_FALSE(fixed("2619", 8192));
    CHECK_FALSE(fixed("global/pg_control", 8192));
    CHECK_FALSE(fixed("offsets/0000", 8192));
    CHECK_FALSE(fixed("pg_wal/000000010000000000000001", 16u << 20));
}

TEST_CASE("InnoDB and Aria files are cut in blocks") {
    for (const char* path : {"shop/orders.ibd", "ibdata1", "undo001", "undo_002", "ib_logfile0",
                             "#innodb_redo/#ib_redo12", "mysql/db.MAI", "mysql/db.MAD"}) {
        CAPTURE(path);
        CHECK(fixed(path, 96u << 10));
        CHECK_FALSE(fixed(path, (96u << 10) + 100));
    }
    CHECK_FALSE(fixed("shop/orders.frm", 96u << 10));
    CHECK_FALSE(fixed("ibdata", 96u << 10));
    CHECK_FALSE(fixed(".ibd", 96u << 10));
}

TEST_CASE("SQLite databases are known by their magic number and page size") {
    CHECK(fixed("places.sqlite", 8192, as_bytes(sqlite_header(16, 0))));
    CHECK(fixed("any name", 131072, as_bytes(sqlite_header(0, 1))));
    CHECK_FALSE(fixed("any name", 131072 + 4096, as_bytes(sqlite_header(0, 1))));
    CHECK_FALSE(fixed("places.sqlite", 8193, as_bytes(sqlite_header(16, 0))));
    CHECK_FALSE(fixed("places.sqlite", 3000, as_bytes(sqlite_header(3, 232))));
    CHECK_FALSE(fixed("places.sqlite", 8192, as_bytes(sqlite_header(0, 0))));
    CHECK_FALSE(fixed("places.sqlite", 8192, as_bytes(sqlite_header(16, 0).substr(0, 17))));
    CHECK_FALSE(fixed("places.sqlite", 8192));
}

TEST_CASE("LMDB, SQL Server and disk images are cut in blocks") {
    std::string lmdb(64, '\0');
    lmdb.replace(16, 4, "\xde\xc0\xef\xbe");
    CHECK(fixed("data.mdb", 1u << 20, as_bytes(lmdb)));
    CHECK_FALSE(fixed("data.mdb", 1u << 20));
    CHECK(fixed("shop.mdf", 1u << 20));
    CHECK(fixed("shop_log.ldf", 1u << 20));
    CHECK_FALSE(fixed("people.ldf", 1000));
    for (const char* name :
         {"disk.qcow2", "disk.raw", "a.img", "a.vmdk", "a.vdi", "a.VHD", "a.vhdx", "debian.iso"}) {
        CAPTURE(name);
        CHECK(fixed(name, 10u << 20));
        CHECK_FALSE(fixed(name, (10u << 20) + 100));
        CHECK_FALSE(fixed(name, 512u << 10));
    }
    CHECK_FALSE(fixed("img", 10u << 20));
    CHECK_FALSE(fixed("a.img.gz", 10u << 20));
}
