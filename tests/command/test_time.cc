// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <catch2/catch.hpp>

#include "command_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

using Names = std::vector<std::string>;

/// Three snapshots: `d/f` is there, has changed, is gone; `d/new` comes with the second.
struct History : CommandFixture {
    std::string first, second, third;
    explicit History(Way way) {
        write("d/f", "one");
        write("d/stays", "x");
        first = snapshot(way);
        write("d/f", "second");
        write("d/new", "n");
        second = snapshot(way);
        std::filesystem::remove(source() + "/d/f");
        third = snapshot(way);
    }
};

}  // namespace

TEST_CASE("windows tells from when to when a source can be opened", "[commands]") {
    const Way way = GENERATE(Way::here, Way::through_socket);
    CommandFixture repo;
    repo.run(way, "source-add", {{"name", "home"}, {"directory", repo.source()}});
    CHECK(repo.run(way, "windows", {{"source", "home"}}).result["count"] == 0);
    repo.write("a", "a");
    repo.snapshot(way);
    const auto rows = repo.run(way, "windows", {{"source", "home"}}).of("window");
    REQUIRE(rows.size() == 1);
    CHECK(rows[0]["kind"] == "snapshots");
    CHECK(rows[0]["first"]["reason"] == "first snapshot");
    CHECK(rows[0]["first"]["time"] == rows[0]["last"]["time"]);
    CHECK(repo.failure(way, "windows", {{"source", "nope"}}) == Errc::not_found);
}

TEST_CASE("versions lists what a path was, and when it went", "[commands]") {
    const Way way = GENERATE(Way::here, Way::through_socket);
    History repo(way);
    const auto versions = [&](const std::string& path) {
        return repo.run(way, "versions", {{"source", "home"}, {"path", path}});
    };
    CHECK(versions("d/f").texts("version", "change") == Names{"added", "content", "removed"});
    CHECK(versions("/d//f").texts("version", "state") ==
          Names{repo.first, repo.second, repo.third});
    CHECK(versions("d/stays").texts("version", "state") == Names{repo.first});
    CHECK(versions("d/new").of("version")[0]["entry"]["size"] == 1);
    CHECK(repo.failure(way, "versions", {{"source", "home"}, {"path", "d/x"}}) == Errc::not_found);
}

TEST_CASE("find in a span tells what appears in it, ls --deleted what is gone", "[commands]") {
    const Way way = GENERATE(Way::here, Way::through_socket);
    History repo(way);
    const auto found = repo.run(
        way, "find", {{"moment", "home@" + repo.first + ".." + repo.third}, {"path", "d"}});
    CHECK(found.texts("entry", "path") == Names{"d/f", "d/stays", "d/new"});
    CHECK(found.texts("entry", "state") == Names{repo.first, repo.first, repo.second});
    CHECK(repo.run(way, "find", {{"moment", "home@" + repo.second + "..latest"}, {"name", "n*"}})
              .texts("entry", "path") == Names{"d/new"});
    const auto gone =
        repo.run(way, "ls", {{"moment", "home@latest"}, {"path", "d"}, {"deleted", true}});
    CHECK(gone.texts("entry", "path") == Names{"d/f"});
    CHECK(gone.texts("entry", "state") == Names{repo.second});
    CHECK(repo.run(way, "ls", {{"moment", "home@" + repo.second}, {"path", "d"}, {"deleted", true}})
              .of("entry")
              .empty());
}

TEST_CASE("log list tells of a source that it has no log", "[commands]") {
    const Way way = GENERATE(Way::here, Way::through_socket);
    CommandFixture repo;
    repo.run(way, "source-add", {{"name", "home"}, {"directory", repo.source()}});
    const auto listed = repo.run(way, "log-list", {{"source", "home"}});
    CHECK(listed.result["segments"] == 0);
    CHECK(listed.of("segment").empty());
    CHECK(repo.failure(way, "log-list", {{"source", "nope"}}) == Errc::not_found);
    CHECK(repo.failure(way, "log-follow", {{"source", "nope"}}) == Errc::not_found);
}
