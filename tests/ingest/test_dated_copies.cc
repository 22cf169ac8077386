// SPDX-License-Identifier: Apache-2.0
/// Which directories are dated copies, and of when.
#include <yore/base/error.h>
#include <yore/ingest/dated_copies.h>

#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>

#include "../support.h"

using namespace yore;
using namespace yore::ingest;
using yore::test::TemporaryDirectory;

namespace {

std::string read(std::string_view name, const Zone& zone = {}) {
    const auto time = time_in_name(name, zone);
    return time ? to_rfc3339(*time) : "none";
}

Timestamp at(const char* text) {
    return *parse_time(text, {});
}

void make_directory(const std::string& path, Timestamp modified) {
    REQUIRE(std::filesystem::create_directories(path));
    const timespec times[] = {{0, UTIME_OMIT}, {modified.ns / 1'000'000'000, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

std::vector<std::string> names(const FoundCopies& found) {
    std::vector<std::string> names;
    for (const DatedCopy& copy : found.copies) names.push_back(copy.name);
    return names;
}

catalog::Snapshot stored(const char* time) {
    catalog::Snapshot snapshot;
    snapshot.started = snapshot.ended = at(time);
    snapshot.name = catalog::SnapshotName::after(std::nullopt, snapshot.started);
    return snapshot;
}

}  // namespace

TEST_CASE("a name tells its time in each usual form") {
    for (const char* name :
         {"2026-11-01T02-00-00Z", "2026-11-01T02:00:00Z", "2026-11-01T02-00-00", "2026-11-01_02:00",
          "2026-11-01 02.00.00", "2026-11-01-020000", "20261101-020000", "20261101020000",
          "20261101T0200Z", "2026.11.01-02.00.00", "2026_11_01_02_00_00", "home-2026-11-01-0200",
          "backup_20261101_020000", "daily.2026-11-01T03:00:00+01:00", "2026-11-01T01-00-00-0100",
          "2025-01-01-to-2026-11-01T02-00"})
        CHECK(std::string(name) + " " + read(name) == std::string(name) + " 2026-11-01T02:00:00Z");
    CHECK(read("2026-11-01") == "2026-11-01T00:00:00Z");
    CHECK(read("20261101") == "2026-11-01T00:00:00Z");
    CHECK(read("home-2026-11-01") == "2026-11-01T00:00:00Z");
}

TEST_CASE("a name that goes on behind its date, or has none that exists, tells no time") {
    for (const char* name :
         {"2026-11-01.partial", "2026-11-01-120000.inProgress", "2026-02-30", "2026-13-01",
          "2026-11-01T24-00-00", "2026-11-01T02-60", "2026-11-0", "12026-11-01", "20261101-02",
          "2026-1101", "2026-11-01T02:00:00+24:00", "daily.0", "latest", "", "1850-11-01"})
        CHECK(std::string(name) + " " + read(name) == std::string(name) + " none");
    CHECK(read(std::string(255, '9')) == "none");
}

TEST_CASE("a name without a zone is read by the clock of the zone that is given") {
    const Zone berlin = Zone::named("Europe/Berlin");
    CHECK(read("2026-07-01", berlin) == "2026-06-30T22:00:00Z");
    CHECK(read("2026-11-01T02-00-00", berlin) == "2026-11-01T01:00:00Z");
    CHECK(read("2026-11-01T02-00-00Z", berlin) == "2026-11-01T02:00:00Z");
    // 02:30 was there twice on this day: the first.
    CHECK(read("2026-10-25T02-30", berlin) == "2026-10-25T00:30:00Z");
}

TEST_CASE("copies are found oldest first, and all else is left out with its reason") {
    const TemporaryDirectory home;
    const auto make = [&](const char* name, const char* time) {
        make_directory(home.path() + "/" + name, at(time));
    };
    make("2026-11-03", "2030-01-01T00:00Z");
    make("2026-11-01", "2030-01-01T00:00Z");
    make("daily.0", "2026-11-04T02:00:00Z");
    make("daily.1", "2026-11-02T02:00:00Z");
    make("2026-11-02.partial", "2026-11-02T02:00:00Z");
    make(".sync", "2026-11-02T02:00:00Z");
    make("lost+found", "2026-11-02T02:00:00Z");
    std::filesystem::create_directory_symlink("2026-11-03", home.path() + "/latest");

    const auto usual = find_copies(home.path(), {});
    CHECK(names(usual) ==
          std::vector<std::string>{"2026-11-01", "daily.1", "2026-11-03", "daily.0"});
    std::map<std::string, std::string> why;
    for (const LeftOut& entry : usual.left_out) why[entry.name] = entry.why;
    CHECK(why == std::map<std::string, std::string>{
                     {"2026-11-02.partial", "its name is not just a date and a time"},
                     {".sync", "hidden"},
                     {"lost+found", "its name holds no date"},
                     {"latest", "a link"}});

    CHECK(names(find_copies(home.path(), {CopyTimes::names, {}, ""})) ==
          std::vector<std::string>{"2026-11-01", "2026-11-03"});
    CHECK(names(find_copies(home.path(), {CopyTimes::modified, {}, ""})) ==
          std::vector<std::string>{"2026-11-02.partial", "daily.1", "lost+found", "daily.0",
                                   "2026-11-01", "2026-11-03"});
}

TEST_CASE("a copy without the part that is wanted is left out, and links do not lead to it") {
    const TemporaryDirectory home;
    make_directory(home.path() + "/daily.0/host/etc", at("2026-11-04T02:00:00Z"));
    make_directory(home.path() + "/daily.1/host", at("2026-11-03T02:00:00Z"));
    std::filesystem::create_directory_symlink("../../daily.0/host/etc",
                                              home.path() + "/daily.1/host/etc");
    const auto found = find_copies(home.path(), {CopyTimes::usual, {}, "host/etc"});
    CHECK(names(found) == std::vector<std::string>{"daily.0"});
    REQUIRE(found.left_out.size() == 1);
    CHECK(found.left_out[0].why == "it has no directory host/etc");
    CHECK(yore::test::code_thrown_by([&] { find_copies(home.path() + "/none", {}); }) ==
          Errc::not_found);
}

TEST_CASE("only copies that come after all snapshots and are not there yet are taken") {
    const std::vector<DatedCopy> copies{{"a", at("2026-11-01T00:00Z")},
                                        {"b", at("2026-11-02T00:00Z")},
                                        {"c", at("2026-11-02T00:00Z")},
                                        {"d", at("2026-11-03T00:00Z")},
                                        {"e", at("2026-11-09T00:00Z")}};
    using enum CopyVerdict;
    const Timestamp now = at("2026-11-05T00:00Z");
    CHECK(judge_copies(copies, {}, now) ==
          std::vector<CopyVerdict>{take, take, take, take, in_future});
    // Interrupted after the first of the two of one time.
    CHECK(judge_copies(copies, {stored("2026-11-01T00:00Z"), stored("2026-11-02T00:00Z")}, now) ==
          std::vector<CopyVerdict>{present, present, take, take, in_future});
    // A live snapshot was taken since.
    CHECK(judge_copies(copies, {stored("2026-11-02T00:00Z"), stored("2026-11-04T12:00Z")}, now) ==
          std::vector<CopyVerdict>{too_old, present, too_old, too_old, in_future});
}
