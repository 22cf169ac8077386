// SPDX-License-Identifier: Apache-2.0
/// Copies that share their unchanged files become snapshots.
#include <yore/base/error.h>
#include <yore/ingest/copy_import.h>

#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "ingest_fixture.h"

using namespace yore;
using namespace yore::ingest;
using ingest::test::Bench;

namespace {

Timestamp day(int number) {
    return *parse_time(fmt::format("2026-11-{:02}T00:00Z", number), {});
}

/// The directory of the bench's source holds the copies.
struct Copies {
    Bench bench;
    CopyImport import{
        {bench.catalog(), bench.cache(), bench.source(), bench.root(), bench.clock()}};

    std::string name(int number) const { return fmt::format("2026-11-{:02}", number); }
    void write(int copy, const std::string& path, std::string_view content) {
        const auto full = bench.at(name(copy) + "/" + path);
        std::filesystem::remove(full);  // a copy's file is replaced, never written to
        bench.write(name(copy) + "/" + path, content);
    }
    /// As `cp -al` does.
    void link(int from, int to) {
        std::filesystem::copy(bench.at(name(from)), bench.at(name(to)),
                              std::filesystem::copy_options::recursive |
                                  std::filesystem::copy_options::create_hard_links);
    }
    catalog::Snapshot take(int copy) { return take_with(import, copy); }
    catalog::Snapshot take_with(CopyImport& by, int copy) {
        return by.take(bench.at(name(copy)), day(copy), {}, {});
    }
    CopyImport another() {
        return CopyImport(
            {bench.catalog(), bench.cache(), bench.source(), bench.root(), bench.clock()});
    }
};

/// Three copies of three files, one of which is replaced in each.
void make_copies(Copies& copies) {
    copies.bench.make_directory(copies.name(1) + "/d");
    copies.write(1, "a", "same");
    copies.write(1, "d/b", std::string(100'000, 'b'));
    copies.write(1, "c", "of 1");
    for (int copy : {2, 3}) {
        copies.link(copy - 1, copy);
        copies.write(copy, "c", fmt::format("of {}", copy));
    }
    Bench::let_time_pass();
}

}  // namespace

TEST_CASE("copies become snapshots of their times, and only what they do not share is read") {
    Copies copies;
    make_copies(copies);
    const auto first = copies.take(1), second = copies.take(2), third = copies.take(3);
    CHECK(first.counts.bytes_read >= 100'008);
    for (const auto& snapshot : {second, third}) {
        CHECK(snapshot.counts.bytes_read == 4);
        CHECK(snapshot.counts.files_unchanged == 2);
        CHECK(snapshot.counts.files == 3);
        CHECK(snapshot.outcome == catalog::Outcome::complete);
    }
    CHECK(third.name == catalog::SnapshotName::after(std::nullopt, day(3)));
    CHECK(third.started == day(3));
    CHECK(third.ended == day(3));
    CHECK(third.path == copies.bench.at("2026-11-03"));
    CHECK(third.tags.contains(imported_tag));
    CHECK(copies.bench.content(first, "c") == "of 1");
    CHECK(copies.bench.content(third, "c") == "of 3");
    CHECK(copies.bench.content(third, "d/b") == std::string(100'000, 'b'));
    const auto found = copies.bench.catalog().at_or_before(copies.bench.source().id, day(2));
    REQUIRE(found);
    CHECK(found->root == second.root);
}

TEST_CASE("links to other copies are not counted, those within a copy are") {
    Copies copies;
    copies.bench.make_directory(copies.name(1));
    copies.write(1, "alone", "1");
    copies.write(1, "one", "2");
    std::filesystem::create_hard_link(copies.bench.at("2026-11-01/one"),
                                      copies.bench.at("2026-11-01/other"));
    // What links a file in one copy need not do so in the next.
    copies.link(1, 2);
    copies.write(2, "other", "3");
    Bench::let_time_pass();
    const auto first = copies.take(1), second = copies.take(2);
    const auto links = [&](const catalog::Snapshot& snapshot, const char* path) {
        return copies.bench.entry(snapshot, path).attributes.link_count;
    };
    CHECK(links(first, "alone") == 1);
    CHECK(links(first, "one") == 2);
    CHECK(links(first, "other") == 2);
    CHECK(links(second, "one") == 1);
    CHECK(links(second, "other") == 1);
    CHECK(copies.bench.content(second, "one") == "2");
    CHECK(copies.bench.content(second, "other") == "3");
}

TEST_CASE("a file whose links have changed since is taken over with its new attributes, unread") {
    Copies copies;
    make_copies(copies);
    copies.take(1);
    // rsnapshot removes the oldest and makes a new one: times of change move.
    copies.link(3, 4);
    std::filesystem::remove_all(copies.bench.at(copies.name(1)));
    const auto path = copies.bench.at("2026-11-02/d/b");
    REQUIRE(::setxattr(path.c_str(), "user.note", "x", 1, 0) == 0);
    Bench::let_time_pass();
    auto later = copies.another();
    const auto second = copies.take_with(later, 2);
    CHECK(second.counts.bytes_read == 4);
    CHECK(second.counts.files_unchanged == 2);
    const auto entry = copies.bench.entry(second, "d/b");
    CHECK(copies.bench.content(second, "d/b") == std::string(100'000, 'b'));
    REQUIRE(entry.xattrs.size() == 1);
    CHECK(entry.attributes.link_count == 1);
    struct stat status;
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK(entry.attributes.changed ==
          Timestamp::from_seconds(status.st_ctim.tv_sec,
                                  static_cast<std::uint32_t>(status.st_ctim.tv_nsec)));
}

TEST_CASE("another file with the same size and time of modification is read") {
    Copies copies;
    copies.bench.make_directory(copies.name(1));
    copies.bench.make_directory(copies.name(2));
    copies.write(1, "a", "old");
    copies.write(2, "a", "new");
    for (int copy : {1, 2}) {
        const timespec times[] = {{0, UTIME_OMIT}, {1'000'000'000, 0}};
        const auto path = copies.bench.at(copies.name(copy) + "/a");
        REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    }
    Bench::let_time_pass();
    copies.take(1);
    CHECK(copies.bench.content(copies.take(2), "a") == "new");
}

TEST_CASE("an inode proves nothing after a snapshot that was not imported from there") {
    Copies copies;
    copies.bench.make_directory(copies.name(1));
    copies.write(1, "a", "old");
    auto source = copies.bench.source();
    source.directory.path = copies.bench.at(copies.name(1));
    VirtualClock then(day(1));
    take_directory_snapshot(copies.bench.catalog(), copies.bench.cache(), source, {}, then, {});
    struct stat before;
    const auto path = copies.bench.at("2026-11-01/a");
    REQUIRE(::stat(path.c_str(), &before) == 0);
    std::ofstream(path) << "new";
    const timespec times[] = {{0, UTIME_OMIT}, before.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    Bench::let_time_pass();
    const auto snapshot = copies.import.take(source.directory.path, day(2), {}, {});
    CHECK(copies.bench.content(snapshot, "a") == "new");
}

TEST_CASE("two copies of one time get ordinals, and none is put before another snapshot") {
    Copies copies;
    make_copies(copies);
    const auto first = copies.import.take(copies.bench.at("2026-11-01"), day(3), {}, {});
    const auto second = copies.import.take(copies.bench.at("2026-11-02"), day(3), {}, {});
    CHECK(first.name.ordinal == 1);
    CHECK(second.name.ordinal == 2);
    CHECK(second.name.second == first.name.second);
    CHECK(yore::test::code_thrown_by([&] { copies.take(2); }) == Errc::busy);
    CHECK(copies.bench.catalog().snapshots(copies.bench.source().id).size() == 2);
}

TEST_CASE("a stopped import leaves no snapshot") {
    Copies copies;
    make_copies(copies);
    std::stop_source stop;
    stop.request_stop();
    const auto code = yore::test::code_thrown_by(
        [&] { copies.import.take(copies.bench.at("2026-11-01"), day(1), {}, stop.get_token()); });
    CHECK(code == Errc::cancelled);
    CHECK(copies.bench.catalog().snapshots(copies.bench.source().id).empty());
}
