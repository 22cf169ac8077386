// SPDX-License-Identifier: Apache-2.0
/// ls, cat, find, du, diff, restore, and the moments and paths that they take; both ways.
#include <sys/stat.h>

#include "command_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {}  // namespace

TEST_CASE("ls lists a directory, a tree or a file", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("b/c", "12345");
    repo.write("a", "x");
    std::filesystem::create_symlink("a", repo.source() + "/link");
    repo.snapshot(way);
    CHECK(repo.run(way, "ls", {{"moment", "home@latest"}}).texts("entry", "path") ==
          Names{"a", "b", "link"});
    CHECK(repo.run(way, "ls", {{"moment", "home@latest"}, {"recursive", true}})
              .texts("entry", "path") == Names{"a", "b", "b/c", "link"});
    CHECK(
        repo.run(way, "ls", {{"moment", "home@latest"}, {"path", "/b/"}}).texts("entry", "path") ==
        Names{"b/c"});
    const auto one = repo.run(way, "ls", {{"moment", "home@latest"}, {"path", "b/c"}});
    REQUIRE(one.of("entry").size() == 1);
    const auto entry = one.of("entry").front();
    CHECK(entry["kind"] == "file");
    CHECK(entry["size"] == 5);
    CHECK(entry["path"] == "b/c");
    CHECK(one.result["count"] == 1);
    CHECK(one.result["result"] == "ls");
    const auto all = repo.run(way, "ls", {{"moment", "home@latest"}}).of("entry");
    CHECK(all[1]["totals"]["bytes"] == 5);
    CHECK(all[2]["target"] == "a");
}

TEST_CASE("names that are not UTF-8 are listed, found and read exactly", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    const std::string name = "bad\xff\x1b name\n";
    repo.write(name, "content");
    repo.snapshot(way);
    CHECK(repo.run(way, "ls", {{"moment", "home@latest"}}).texts("entry", "path") == Names{name});
    CHECK(
        repo.run(way, "cat", {{"moment", "home@latest"}, {"paths", command::list_of_bytes({name})}})
            .content == "content");
    nlohmann::json request{{"moment", "home@latest"}};
    command::put_bytes(request, "name", "bad\xff*");
    CHECK(repo.run(way, "find", request).texts("entry", "path") == Names{name});
}

TEST_CASE("cat hands out files whole, one after the other", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    std::string large(3'500'001, '\0');
    SeededRandom(7).fill({reinterpret_cast<std::byte*>(large.data()), large.size()});
    repo.write("large", large);
    repo.write("lines", "{\"bytes\":3}\nabc\n");  // as the wire has it: it is content nevertheless
    repo.write("empty", "");
    repo.snapshot(way);
    const auto heard =
        repo.run(way, "cat", {{"moment", "home@latest"}, {"paths", {"lines", "empty", "large"}}});
    CHECK(heard.content == "{\"bytes\":3}\nabc\n" + large);
    CHECK(heard.result["bytes"] == heard.content.size());
    // A wrong name is no half answer.
    Heard none;
    CHECK(repo.failure(way, "cat", {{"moment", "home@latest"}, {"paths", {"lines", "nope"}}}) ==
          Errc::not_found);
    CHECK(repo.failure(way, "cat", {{"moment", "home@latest"}, {"paths", {"."}}}) == Errc::invalid);
}

TEST_CASE("find takes what matches everything that is asked", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("a.tex", "12345");
    repo.write("d/b.tex", "123456789");
    repo.write("d/c.txt", "123456789");
    std::filesystem::create_symlink("a.tex", repo.source() + "/d/l.tex");
    repo.snapshot(way);
    const auto found = [&](nlohmann::json request) {
        request["moment"] = "home@latest";
        return repo.run(way, "find", request).texts("entry", "path");
    };
    CHECK(found({}) == Names{"a.tex", "d", "d/b.tex", "d/c.txt", "d/l.tex"});
    CHECK(found({{"name", "*.tex"}}) == Names{"a.tex", "d/b.tex", "d/l.tex"});
    CHECK(found({{"name", "*.tex"}, {"kinds", {"file"}}}) == Names{"a.tex", "d/b.tex"});
    CHECK(found({{"kinds", {"directory", "symlink"}}}) == Names{"d", "d/l.tex"});
    CHECK(found({{"size_min", 6}}) == Names{"d/b.tex", "d/c.txt"});
    CHECK(found({{"size_max", 5}}) == Names{"a.tex"});
    CHECK(found({{"size_min", 6}, {"size_max", 8}}).empty());
    CHECK(found({{"path", "d"}, {"name", "b*"}}) == Names{"d/b.tex"});
    CHECK(found({{"newer", "now-1h"}}).size() == 5);
    CHECK(found({{"older", "now-1h"}}).empty());
    CHECK(repo.failure(way, "find", {{"moment", "home@latest"}, {"kinds", {"door"}}}) ==
          Errc::invalid);
    CHECK(repo.failure(way, "find", {{"moment", "home@latest"}, {"newer", "yesterday-ish"}}) ==
          Errc::invalid);
}

TEST_CASE("du sums up each directory down to a depth", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("top", "1");
    repo.write("a/x", "22");
    repo.write("a/b/y", "333");
    repo.write("a/b/c/z", "4444");
    repo.snapshot(way);
    const auto rows = [&](nlohmann::json request) {
        request["moment"] = "home@latest";
        std::vector<std::pair<std::string, int>> found;
        for (const auto& row : repo.run(way, "du", request).of("directory"))
            found.emplace_back(row["path"], row["bytes"]);
        return found;
    };
    using Rows = std::vector<std::pair<std::string, int>>;
    CHECK(rows({}) == Rows{{"a", 9}, {"", 10}});
    CHECK(rows({{"depth", 0}}) == Rows{{"", 10}});
    CHECK(rows({{"depth", 2}}) == Rows{{"a/b", 7}, {"a", 9}, {"", 10}});
    CHECK(rows({{"depth", 99}}) == Rows{{"a/b/c", 4}, {"a/b", 7}, {"a", 9}, {"", 10}});
    CHECK(rows({{"path", "a"}, {"depth", 1}}) == Rows{{"a/b", 7}, {"a", 9}});
    CHECK(repo.failure(way, "du", {{"moment", "home@latest"}, {"path", "top"}}) == Errc::invalid);
}

TEST_CASE("diff tells what came, went and changed", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("same", "s");
    repo.write("d/changed", "before");
    repo.write("d/mode", "m");
    repo.write("gone", "g");
    const auto first = repo.snapshot(way);
    repo.write("d/changed", "after it");
    repo.write("d/new", "n");
    ::chmod((repo.source() + "/d/mode").c_str(), 0600);
    std::filesystem::remove(repo.source() + "/gone");
    const auto second = repo.snapshot(way);

    const nlohmann::json moments{{"before", "home@" + first}, {"after", "home@" + second}};
    const auto heard = repo.run(way, "diff", moments);
    std::map<std::string, nlohmann::json> rows;
    for (const auto& row : heard.of("difference")) rows[row["path"]] = row;
    REQUIRE(rows.contains("d/changed"));
    CHECK(rows["d/changed"]["change"] == "changed");
    CHECK(rows["d/changed"]["content"] == true);
    CHECK(rows["d/changed"]["before"]["size"] == 6);
    CHECK(rows["d/changed"]["after"]["size"] == 8);
    CHECK(rows["d/mode"]["content"] == false);
    CHECK(rows["d/mode"]["attributes"] == true);
    CHECK(rows["d/new"]["change"] == "added");
    CHECK(rows["gone"]["change"] == "removed");
    CHECK_FALSE(rows.contains("same"));
    CHECK(heard.result["added"] == 1);
    CHECK(heard.result["removed"] == 1);

    auto below = moments;
    below["path"] = "d";
    CHECK(repo.run(way, "diff", below).texts("difference", "path") ==
          Names{"d/changed", "d/mode", "d/new"});
    CHECK(repo.run(way, "diff", {{"before", "home@latest"}, {"after", "home@" + second}})
              .of("difference")
              .empty());
}

TEST_CASE("restore writes a snapshot or a part of it, and tells what it left out", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("a", "aa");
    repo.write("d/b", "bb");
    repo.snapshot(way);
    const auto all = repo.scratch / "all", part = repo.scratch / "part";
    const auto heard = repo.run(way, "restore", {{"moment", "home@latest"}, {"target", all}});
    CHECK(heard.result["files"] == 2);
    CHECK_FALSE(heard.result.contains("exit_code"));
    CHECK(std::filesystem::file_size(all + "/d/b") == 2);
    repo.run(way, "restore", {{"moment", "home@latest"}, {"target", part}, {"paths", {"/d//b"}}});
    CHECK(std::filesystem::exists(part + "/d/b"));
    CHECK_FALSE(std::filesystem::exists(part + "/a"));
    CHECK(repo.failure(way, "restore",
                       {{"moment", "home@latest"}, {"target", part}, {"paths", {"nope"}}}) ==
          Errc::not_found);
}

TEST_CASE("moments are read in every form, and the answer says how", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    CHECK(repo.failure(way, "ls", {{"moment", "home@latest"}}) == Errc::not_found);  // no source
    repo.run(way, "source-add", {{"name", "home"}, {"directory", repo.source()}});
    CHECK(repo.failure(way, "ls", {{"moment", "home@latest"}}) == Errc::not_found);  // no snapshot
    repo.write("one", "1");
    const auto first = repo.snapshot(way);
    repo.write("two", "2");
    const auto second = repo.snapshot(way);
    const auto snapshot = [&](const std::string& time) {
        const auto events = repo.run(way, "ls", {{"moment", "home@" + time}}).of("moment");
        REQUIRE(events.size() == 1);
        return events.front();
    };
    CHECK(snapshot("latest")["snapshot"] == second);
    CHECK(snapshot("earliest")["snapshot"] == first);
    CHECK(snapshot(first)["snapshot"] == first);
    CHECK_FALSE(snapshot(first).contains("time"));
    CHECK(snapshot("now")["snapshot"] == second);
    CHECK(snapshot("now").contains("time"));
    CHECK(repo.failure(way, "ls", {{"moment", "home@2100-01-01 00:00"}}) == Errc::not_found);
    for (const char* bad : {"home", "@latest", "home@", "home@tomorrow", "home@2026-13-01T00:00Z"})
        CHECK(repo.failure(way, "ls", {{"moment", bad}}) == Errc::invalid);
    CHECK(repo.failure(way, "ls", {{"moment", "home@1999-01-01T00:00Z"}}) == Errc::not_found);
    CHECK(repo.failure(way, "ls", {{"moment", "nope@latest"}}) == Errc::not_found);
}

TEST_CASE("paths stay inside, and links are not followed", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("d/f", "x");
    std::filesystem::create_directory_symlink("d", repo.source() + "/link");
    repo.snapshot(way);
    const auto fails = [&](const char* path) {
        return repo.failure(way, "ls", {{"moment", "home@latest"}, {"path", path}});
    };
    CHECK(fails("d/../d") == Errc::invalid);
    CHECK(fails("..") == Errc::invalid);
    CHECK(fails("link/f") == Errc::not_found);
    CHECK(fails("d/f/g") == Errc::not_found);
    CHECK_FALSE(fails("./d//f/"));
    CHECK_FALSE(fails("/"));
}
