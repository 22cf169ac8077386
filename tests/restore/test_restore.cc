// SPDX-License-Identifier: Apache-2.0
#include <yore/restore/restore.h>

#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../support.h"
#include "../tree/tree_fixture.h"

using namespace yore;
using namespace yore::restore;
using tree::FileKind;

namespace {

constexpr Timestamp then{1'600'000'000'123'456'789};

/// A snapshot made by hand, in a store in memory.
struct Snapshot {
    test::TreeFixture fixture;

    tree::Entry entry(const std::string& name, FileKind kind, std::uint32_t permissions = 0644) {
        tree::Entry made;
        made.name = name;
        made.attributes.kind = kind;
        made.attributes.permissions = permissions;
        made.attributes.uid = ::getuid();
        made.attributes.gid = ::getgid();
        made.attributes.modified = made.attributes.changed = then;
        return made;
    }
    tree::Entry file(const std::string& name, const std::vector<std::string>& pieces,
                     std::uint32_t permissions = 0644) {
        tree::Entry made = entry(name, FileKind::regular, permissions);
        std::vector<tree::Extent> extents;
        for (const std::string& piece : pieces) {
            const bool hole = piece.find_first_not_of('\0') == std::string::npos;
            tree::Extent extent;
            extent.length = piece.size();
            if (!hole) {
                store::Prepared chunk = fixture.writer.prepare_chunk(as_bytes(piece), {});
                extent.chunk = chunk.chunk_id();
                fixture.writer.append(std::move(chunk));
            }
            made.attributes.size += piece.size();
            extents.push_back(extent);
        }
        made.content = fixture.build(extents);
        return made;
    }
    tree::Entry directory(const std::string& name, std::vector<tree::Entry> children,
                          std::uint32_t permissions = 0755) {
        tree::Entry made = entry(name, FileKind::directory, permissions);
        test::Entries sorted;
        for (tree::Entry& child : children) sorted.emplace(child.name, child);
        const auto built = fixture.build(sorted);
        made.child = built.top;
        made.totals = built.totals;
        return made;
    }
    NodeId root(std::vector<tree::Entry> children) {
        return fixture.build({{"root", directory("root", std::move(children))}}).top;
    }
};

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

struct stat stat_of(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) FAIL("no " << path);
    return status;
}

RestoreResult run(Snapshot& snapshot, const NodeId& root, const std::string& target,
                  std::vector<std::string> paths = {},
                  RestoreOptions::Existing existing = RestoreOptions::Existing::refuse) {
    RestoreOptions options;
    options.target = target;
    options.paths = std::move(paths);
    options.existing = existing;
    options.owners = ::getuid() == 0;
    return restore::restore(snapshot.fixture.cache, root, options, {});
}

}  // namespace

TEST_CASE("a tree comes back with its metadata, holes and links") {
    Snapshot snapshot;
    tree::Entry first = snapshot.file("first", {"linked content"});
    first.attributes.link_count = 2;
    first.attributes.inode = 77;
    tree::Entry second = first;
    second.name = "second";
    tree::Entry link = snapshot.entry("link", FileKind::symlink, 0777);
    link.target = "../nowhere";
    link.attributes.size = link.target.size();
    tree::Entry marked = snapshot.file("marked", {"x"}, 04711);
    marked.xattrs.push_back({.name = "user.colour",
                             .value = to_bytes(as_bytes("blue")),
                             .chunk = std::nullopt,
                             .size = 4});
    const std::string hole(1 << 20, '\0');
    const NodeId root = snapshot.root(
        {snapshot.directory("a", {first, snapshot.file("empty", {}), link}, 0510),
         snapshot.directory("b", {second, snapshot.entry("fifo", FileKind::fifo, 0600)}),
         snapshot.file("sparse", {hole, "end"}), marked});

    const test::TemporaryDirectory scratch;
    const std::string target = scratch / "target";
    const RestoreResult result = run(snapshot, root, target);
    CHECK(result.counts.problems == 0);
    CHECK(content_of(target + "/a/first") == "linked content");
    CHECK(stat_of(target + "/a/first").st_ino == stat_of(target + "/b/second").st_ino);
    CHECK(stat_of(target + "/a/first").st_nlink == 2);
    CHECK((stat_of(target + "/a").st_mode & 07777) == 0510);
    CHECK(stat_of(target + "/a").st_mtim.tv_nsec == 123'456'789);
    CHECK(stat_of(target + "/b").st_mtim.tv_sec == 1'600'000'000);
    CHECK(S_ISFIFO(stat_of(target + "/b/fifo").st_mode));
    CHECK(stat_of(target + "/sparse").st_size == (1 << 20) + 3);
    CHECK(stat_of(target + "/sparse").st_blocks < 64);
    CHECK((stat_of(target + "/marked").st_mode & 07777) == 04711);
    char value[16];
    CHECK(::getxattr((target + "/marked").c_str(), "user.colour", value, sizeof value) == 4);
    char there[32] = {};
    CHECK(::readlink((target + "/a/link").c_str(), there, sizeof there) == 10);
    CHECK(std::string(there) == "../nowhere");
}

TEST_CASE("a large file is written in pieces, each byte in its place") {
    Snapshot snapshot;
    std::vector<std::string> pieces;
    std::string whole;
    for (int i = 0; i < 700; ++i) {
        pieces.push_back(std::string(65'536, static_cast<char>('a' + i % 26)) + std::to_string(i));
        whole += pieces.back();
    }
    const NodeId root = snapshot.root({snapshot.file("large", pieces)});
    const test::TemporaryDirectory scratch;
    CHECK(run(snapshot, root, scratch / "t").counts.problems == 0);
    CHECK(content_of(scratch / "t/large") == whole);
}

TEST_CASE("a second run keeps what is there and mends what is not") {
    Snapshot snapshot;
    const NodeId root =
        snapshot.root({snapshot.file("kept", {"kept"}), snapshot.file("lost", {"lost"}),
                       snapshot.file("changed", {"right"})});
    const test::TemporaryDirectory scratch;
    const std::string target = scratch / "t";
    run(snapshot, root, target);
    ::unlink((target + "/lost").c_str());
    std::ofstream(target + "/changed") << "wrong";

    const RestoreResult refused = run(snapshot, root, target);
    CHECK(refused.counts.files_kept == 1);
    CHECK(refused.counts.problems == 1);
    CHECK(content_of(target + "/lost") == "lost");
    CHECK(content_of(target + "/changed") == "wrong");

    const RestoreResult replaced =
        run(snapshot, root, target, {}, RestoreOptions::Existing::replace);
    CHECK(replaced.counts.problems == 0);
    CHECK(content_of(target + "/changed") == "right");
}

TEST_CASE("chosen paths come with their parents, and a path that is not there changes nothing") {
    Snapshot snapshot;
    const NodeId root = snapshot.root(
        {snapshot.directory(
             "a", {snapshot.directory("b", {snapshot.file("c", {"c"}), snapshot.file("d", {"d"})}),
                   snapshot.file("e", {"e"})}),
         snapshot.file("f", {"f"})});
    const test::TemporaryDirectory scratch;
    CHECK(test::code_thrown_by([&] {
              run(snapshot, root, scratch / "t", {"a/b", "a/x"});
          }) == Errc::not_found);
    CHECK(::access((scratch / "t").c_str(), F_OK) != 0);

    run(snapshot, root, scratch / "t", {"/a/b/", "a/b/c", "f"});
    CHECK(content_of(scratch / "t/a/b/c") == "c");
    CHECK(content_of(scratch / "t/a/b/d") == "d");
    CHECK(content_of(scratch / "t/f") == "f");
    CHECK(::access((scratch / "t/a/e").c_str(), F_OK) != 0);
    CHECK(stat_of(scratch / "t/a").st_mtim.tv_sec == 1'600'000'000);
}

TEST_CASE("nothing is written through a link that stands in the target") {
    Snapshot snapshot;
    const NodeId root =
        snapshot.root({snapshot.directory("sub", {snapshot.file("f", {"intruder"})}),
                       snapshot.file("g", {"intruder"})});
    const test::TemporaryDirectory scratch;
    const std::string outside = scratch / "outside", target = scratch / "t";
    REQUIRE(::mkdir(outside.c_str(), 0755) == 0);
    std::ofstream(outside + "/victim") << "untouched";
    REQUIRE(::mkdir(target.c_str(), 0755) == 0);
    REQUIRE(::symlink(outside.c_str(), (target + "/sub").c_str()) == 0);
    REQUIRE(::symlink((outside + "/victim").c_str(), (target + "/g").c_str()) == 0);

    const auto existing =
        GENERATE(RestoreOptions::Existing::refuse, RestoreOptions::Existing::replace);
    CHECK(run(snapshot, root, target, {}, existing).counts.problems > 0);
    CHECK(::access((outside + "/f").c_str(), F_OK) != 0);
    CHECK(content_of(outside + "/victim") == "untouched");
}

TEST_CASE("a damaged chunk costs its file alone, and leaves no half of it") {
    Snapshot snapshot;
    tree::Entry broken = snapshot.file("broken", {"some content"});
    broken.content.extents[0].chunk->bytes[0] ^= std::byte{1};
    const NodeId root = snapshot.root({broken, snapshot.file("whole", {"whole"})});
    const test::TemporaryDirectory scratch;
    std::vector<std::string> problems;
    RestoreOptions options;
    options.target = scratch / "t";
    options.owners = false;
    options.problem = [&](const catalog::Problem& problem) { problems.push_back(problem.path); };
    const RestoreResult result =
        restore::restore(snapshot.fixture.cache, root, options, std::stop_token());
    CHECK(result.partial());
    CHECK(problems == std::vector<std::string>{"broken"});
    CHECK(content_of(scratch / "t/whole") == "whole");
    int names = 0;
    for (const auto& entry : std::filesystem::directory_iterator(scratch / "t")) {
        ++names;
        CHECK(entry.path().filename() == "whole");
    }
    CHECK(names == 1);
}

TEST_CASE("a directory that lies below itself is reported once; the rest is restored") {
    Snapshot snapshot;
    tree::Entry loop = snapshot.entry("loop", FileKind::directory, 0755);
    loop.child = snapshot.fixture.build_loop(1);
    const NodeId root = snapshot.root({snapshot.file("beside", {"fine"}), loop});
    const test::TemporaryDirectory target;
    RestoreOptions options;
    options.target = target.path() + "/out";
    std::vector<std::string> problems;
    options.problem = [&](const catalog::Problem& problem) { problems.push_back(problem.text); };
    restore::restore(snapshot.fixture.cache, root, options, {});
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().find("lies below itself") != std::string::npos);
    CHECK(content_of(options.target + "/beside") == "fine");
    CHECK(::access((options.target + "/loop/1").c_str(), F_OK) == 0);
    CHECK(::access((options.target + "/loop/again").c_str(), F_OK) != 0);
}
