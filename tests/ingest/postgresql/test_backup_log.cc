// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>

#include <algorithm>
#include <cstring>

#include <catch2/catch.hpp>

#include "../../postgresql/wal_builder.h"
#include "ingest/postgresql/backup_log.h"

using namespace yore;
using namespace yore::ingest;
using namespace yore::postgresql;
using yore::postgresql::test::small_stream;
using yore::postgresql::test::WalBuilder;

namespace {

constexpr std::uint64_t segment_bytes = 1u << 20;
constexpr std::uint8_t rmgr_tablespace = 5;

/// XLOG_TBLSPC_CREATE.
Lsn create(WalBuilder& wal, std::uint32_t oid, const std::string& path) {
    Bytes data(sizeof oid);
    std::memcpy(data.data(), &oid, sizeof oid);
    const ByteView text = as_bytes(path);
    data.insert(data.end(), text.begin(), text.end());
    data.push_back(std::byte{0});
    return wal.add(rmgr_tablespace, 0, 700, test::body_of(data));
}

struct File {
    std::string name;
    std::string bytes;
};
File segment(const WalBuilder& wal, std::uint64_t number, Timeline timeline = {1}) {
    const SegmentSize size = wal.stream().segment_size;
    const ByteView all = wal.bytes_from(size.start_of({number}));
    std::string bytes(as_text(all.first(std::min<std::size_t>(all.size(), segment_bytes))));
    bytes.resize(segment_bytes);
    return {segment_name(timeline, {number}, size), std::move(bytes)};
}

struct Backup {
    BaseBackup::Position start, stop;
    std::vector<File> files;
};

/// Hears the files as an archive has them, in pieces.
BackupLog hear(const Backup& backup) {
    BackupLog log(backup.start, small_stream().system_identifier);
    std::size_t next = 0, offset = 0;
    const auto archive =
        log.heard({[&]() -> std::optional<TarEntry> {
                       offset = 0;
                       if (next == backup.files.size()) return std::nullopt;
                       const File& file = backup.files[next++];
                       return TarEntry{.path = "pg_wal/" + file.name, .size = file.bytes.size()};
                   },
                   [&](MutableBytes into) {
                       const std::string& bytes = backup.files[next - 1].bytes;
                       const std::size_t count = std::min(into.size(), bytes.size() - offset);
                       std::memcpy(into.data(), bytes.data() + offset, count);
                       offset += count;
                       return count;
                   }});
    Bytes piece(70'000);
    while (const auto entry = archive.next())
        for (std::uint64_t done = 0; done < entry->size; done += piece.size()) archive.read(piece);
    return log;
}
std::optional<view::ReplayDemands::Tablespace> made_by(const Backup& backup) {
    return hear(backup).new_tablespace(backup.stop);
}

std::string problem_of(const Backup& backup) {
    try {
        made_by(backup);
    } catch (const Error& error) {
        CHECK(error.code() == Errc::corrupt);
        return error.what();
    }
    return "";
}

/// From segment 3 into segment 5; the backup runs from the second record to the last but one.
struct Example {
    WalBuilder wal{small_stream(), {3 * segment_bytes}};
    Backup backup;

    explicit Example(std::optional<Lsn> create_at = {}) {
        wal.heap(100'000);
        backup.start = {wal.heap(1000), {1}};
        while (wal.position().value < 5 * segment_bytes + 300'000) {
            if (create_at && wal.position() >= *create_at) {
                create(wal, 16385, "/srv/space");
                create_at.reset();
            }
            wal.heap(99'000);
        }
        backup.stop = {wal.heap(1000), {1}};
        for (const std::uint64_t number : {3, 4, 5}) backup.files.push_back(segment(wal, number));
    }
};

}  // namespace

TEST_CASE("A backup's log that makes no tablespace is fine") {
    CHECK_FALSE(made_by(Example().backup));
    auto backup = Example().backup;
    backup.files.insert(backup.files.begin(), {"00000002.history", "1\t0/3000000\tx\n"});
    backup.files.push_back({"archive_status/000000010000000000000003.ready", ""});
    CHECK_FALSE(made_by(backup));
}

TEST_CASE("A tablespace that is made anywhere in a backup's log is found") {
    for (const std::uint64_t at :
         {3 * segment_bytes + 200'000, 4 * segment_bytes + 10'000, 5 * segment_bytes + 250'000}) {
        const auto made = made_by(Example(Lsn{at}).backup);
        REQUIRE(made);
        CHECK(made->oid == 16385);
        CHECK(made->path == "/srv/space");
        CHECK(lsn_of(made->made) >= Lsn{at});
    }
}

TEST_CASE("A tablespace that is made across the border of two segments is found") {
    WalBuilder wal(small_stream(), {3 * segment_bytes});
    Backup backup{{wal.heap(1000), {1}}, {}, {}};
    while (wal.position().value < 4 * segment_bytes - 500) wal.heap(100);
    const Lsn made = create(wal, 16385, "/" + std::string(1000, 'x'));
    backup.stop = {wal.heap(1000), {1}};
    REQUIRE(backup.stop.lsn.value > 4 * segment_bytes);
    REQUIRE(made.value < 4 * segment_bytes);
    backup.files = {segment(wal, 3), segment(wal, 4)};
    const auto found = made_by(backup);
    REQUIRE(found);
    CHECK(lsn_of(found->made) == made);
}

TEST_CASE("What is behind the stop, or in the copy itself, is no matter") {
    Example example;
    create(example.wal, 16385, "/srv/space");
    example.backup.files.back() = segment(example.wal, 5);
    CHECK_FALSE(made_by(example.backup));

    WalBuilder wal(small_stream(), {3 * segment_bytes});
    Backup backup{{wal.heap(1000), {1}}, {}, {}};
    create(wal, 16385, "");  // allow_in_place_tablespaces
    backup.stop = {wal.heap(1000), {1}};
    backup.files = {segment(wal, 3)};
    CHECK_FALSE(made_by(backup));
}

TEST_CASE("A backup's log goes on from one timeline to the next") {
    Example example(Lsn{5 * segment_bytes + 100'000});
    auto& [start, stop, files] = example.backup;
    stop.timeline = {2};
    // The segment in which timeline 1 ended is there of both; in either order.
    const File of_parent{files[1].name, files[1].bytes.substr(0, 500'000) +
                                            std::string(segment_bytes - 500'000, '\0')};
    for (const std::size_t number : {1u, 2u}) files[number].name[7] = '2';
    files.insert(files.begin() + 1, of_parent);
    CHECK(made_by(example.backup));
    std::swap(files[1], files[2]);
    CHECK(made_by(example.backup));
}

TEST_CASE("A backup's log that is not whole is refused") {
    CHECK(problem_of(Example().backup).empty());
    auto backup = Example().backup;
    backup.files[1].bytes[300'000] ^= 1;
    const std::string problem = problem_of(backup);
    CHECK(problem.starts_with("the base backup's log is not whole from 0/3"));
    CHECK(problem.find(" to 0/5") != std::string::npos);
    CHECK(problem.find("checksum") != std::string::npos);
    backup = Example().backup;
    backup.files.erase(backup.files.begin() + 1);
    CHECK_FALSE(problem_of(backup).empty());
    backup = Example().backup;
    backup.files.erase(backup.files.begin());
    CHECK_FALSE(problem_of(backup).empty());
    backup = Example().backup;
    backup.files.clear();
    CHECK_FALSE(problem_of(backup).empty());
    backup = Example().backup;
    backup.stop.lsn.value += segment_bytes;
    CHECK_FALSE(problem_of(backup).empty());
}

TEST_CASE("It is known whether a backup's log goes on behind the stop") {
    Example example;
    CHECK_FALSE(hear(example.backup).goes_on_behind({example.wal.position(), {1}}));
    CHECK(hear(example.backup).goes_on_behind(example.backup.stop));
}
