// SPDX-License-Identifier: Apache-2.0
#include <yore/view/identity.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "view_fixture.h"

using namespace yore;
using namespace yore::test;
using view::Node;
using view::NodeKind;

namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("The root and a source hold what the mount's layout says") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    fixture.add("aaa");
    CHECK(fixture.names("") == Names{"README.txt", "at", "home", "aaa"});
    CHECK(fixture.names("home") ==
          Names{"at", "info.json", "log", "snapshots", "versions", "windows.json"});
    CHECK(fixture.names("at").empty());
    CHECK(fixture.names("home/snapshots").empty());
    CHECK(fixture.names("home/at").empty());
    fixture.take(home, 0, {});
    fixture.take(home, 3600, {});
    CHECK(fixture.names("home/snapshots") ==
          Names{"2026-11-21T02-00-00Z", "2026-11-21T03-00-00Z", "latest"});
    CHECK(fixture.names("home/at") == Names{"2026-11-21", "earliest", "latest"});
    for (const char* path :
         {"nothing", "home/nothing", "home/snapshots/nothing", "at/nothing", "home/at/nothing",
          "README.txt/x", "home/info.json/x", "root", "aaa/snapshots/latest", "aaa/at/latest"})
        CHECK_FALSE(fixture.is_there(path));
    for (const char* path : {"", "home", "home/snapshots", "home/at", "at", "aaa"}) {
        const auto attributes = fixture.view.attributes(fixture.at(path));
        CHECK(attributes.stat.kind == tree::FileKind::directory);
        CHECK(attributes.stat.permissions == 0555);
        CHECK_FALSE(attributes.immutable);
    }
}

TEST_CASE("Files, links and directories of a snapshot are as they were") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    Folder folder;
    folder.files["a"] = fixture.file("alpha");
    folder.files["empty"] = fixture.file("");
    folder.files["link"] = link("../else/where");
    folder.folders["d"].files["b"] = fixture.file("beta");
    fixture.take(home, 0, folder);
    const std::string top = "home/snapshots/2026-11-21T02-00-00Z";
    CHECK(fixture.names(top) == Names{"a", "d", "empty", "link"});
    CHECK(fixture.names(top, 1) == Names{"d", "empty", "link"});
    CHECK(fixture.names(top, 3) == Names{"link"});
    CHECK(fixture.names(top, 4).empty());
    CHECK(fixture.names(top + "/a").empty());
    CHECK(fixture.bytes(top + "/a") == "alpha");
    CHECK(fixture.bytes(top + "/empty").empty());
    CHECK(fixture.bytes(top + "/d/b") == "beta");
    CHECK(fixture.bytes(top + "/d/../a") == "alpha");
    CHECK(fixture.target(top, "link") == "../else/where");
    CHECK_FALSE(fixture.is_there(top + "/link/x"));
    CHECK_FALSE(fixture.is_there(top + "/a/x"));
    const auto attributes = fixture.view.attributes(fixture.at(top + "/a"));
    CHECK(attributes.immutable);
    CHECK((attributes.stat == folder.files["a"].attributes));
    CHECK(fixture.view.attributes(fixture.at(top)).stat.permissions == 0750);
    CHECK(code_thrown_by([&] { (void)fixture.view.open(fixture.at(top)); }) == Errc::invalid);
    CHECK(code_thrown_by([&] { (void)fixture.view.link_target(fixture.at(top + "/a")); }) ==
          Errc::invalid);
}

TEST_CASE("A listing gives the nodes and attributes that looking each name up gives") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    Folder folder;
    for (int i = 0; i < 5000; ++i)
        folder.files[fmt::format("file-{}", i)] = fixture.file(fmt::format("{}", i));
    folder.folders["sub"].files["x"] = fixture.file("x");
    folder.files["sparse"] = fixture.file("start");
    folder.files["sparse"].content.extents.push_back({1u << 20, std::nullopt, 0});
    folder.files["sparse"].content.size += 1u << 20;
    folder.files["sparse"].attributes.size += 1u << 20;
    folder.files["hard"] = with_links(fixture.file("hard", 77), 2);
    fixture.take(home, 0, folder);
    const std::string moment = "2026-11-22T00:00Z";
    for (const std::string& path :
         {std::string(), std::string("home"), std::string("home/at"), "at/" + moment,
          std::string("home/snapshots"), "home/at/" + moment}) {
        const Node directory = fixture.at(path);
        std::string previous;
        std::size_t count = 0;
        std::uint64_t cookie = 0;
        fixture.view.list(directory, 0, [&](const view::Listing& listing) {
            ++count;
            REQUIRE(cookie < listing.cookie);
            REQUIRE(listing.cookie < 1ull << 62);
            cookie = listing.cookie;
            REQUIRE(previous < listing.name);
            previous = listing.name;
            const auto node = fixture.view.lookup(directory, listing.name);
            REQUIRE(node);
            const auto attributes = fixture.view.attributes(*node);
            REQUIRE(listing.kind == attributes.stat.kind);
            if (!listing.node) return true;
            REQUIRE(listing.node->identity == node->identity);
            REQUIRE(listing.node->kind == node->kind);
            REQUIRE(listing.node->moving == node->moving);
            REQUIRE((listing.attributes.stat == attributes.stat));
            REQUIRE(listing.attributes.hole_bytes == attributes.hole_bytes);
            REQUIRE(listing.attributes.immutable == attributes.immutable);
            return true;
        });
        CHECK(count == fixture.names(path).size());
        CHECK(count > 0);
    }
}

TEST_CASE("A listing stops when it is told to and goes on behind any entry") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    for (int i = 0; i < 5; ++i) fixture.take(home, i * 100, {});
    for (const char* path : {"", "home", "home/snapshots", "home/at"}) {
        const Names all = fixture.names(path);
        Names paged;
        std::uint64_t cookie = 0;
        while (true) {
            const std::size_t before = paged.size();
            fixture.view.list(fixture.at(path), cookie, [&](const view::Listing& listing) {
                paged.emplace_back(listing.name);
                cookie = listing.cookie;
                return false;
            });
            if (paged.size() == before) break;
            REQUIRE(paged.size() <= all.size());
        }
        CHECK(paged == all);
    }
}

TEST_CASE("Links of the view lead to snapshots by name") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    const auto work = fixture.add("work");
    fixture.take(home, 0, {.files = {{"n", fixture.file("1")}}, .folders = {}, .xattrs = {}});
    fixture.take(home, 3600, {.files = {{"n", fixture.file("2")}}, .folders = {}, .xattrs = {}});
    fixture.take(work, 7200, {.files = {{"n", fixture.file("w")}}, .folders = {}, .xattrs = {}});
    CHECK(fixture.target("home/snapshots", "latest") == "2026-11-21T03-00-00Z");
    CHECK(fixture.target("home/at", "latest") == "../snapshots/2026-11-21T03-00-00Z");
    CHECK(fixture.target("home/at", "earliest") == "../snapshots/2026-11-21T02-00-00Z");
    CHECK(fixture.target("home/at", "now-1m") == "../snapshots/2026-11-21T03-00-00Z");
    CHECK(fixture.target("home/at", "now") == "../snapshots/2026-11-21T03-00-00Z");
    CHECK(fixture.target("at/2026-11-21 02:30", "home") == "../../home/at/2026-11-21T02-00-00Z");
    CHECK(fixture.target("at/now", "work") == "../../work/at/2026-11-21T04-00-00Z");
    CHECK(fixture.bytes("home/snapshots/latest/n") == "2");
    CHECK(fixture.bytes("home/at/earliest/n") == "1");
    CHECK(fixture.bytes("at/2026-11-21T03:30:00Z/home/n") == "2");
    CHECK(fixture.names("at/2026-11-21T03:30:00Z") == Names{"home"});
    CHECK(fixture.names("at/now") == Names{"home", "work"});
    CHECK_FALSE(fixture.is_there("at/2026-11-21T03:30:00Z/work"));
    const auto link = fixture.name_in("home/snapshots", "latest");
    const auto attributes = fixture.view.attributes(*link);
    CHECK(attributes.stat.kind == tree::FileKind::symlink);
    CHECK(attributes.stat.size == fixture.target("home/snapshots", "latest").size());
    CHECK(link->moving);
}

TEST_CASE("A moment means the newest snapshot that ended by then, a snapshot's name itself") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    const auto number = [&](const char* text) {
        return Folder{.files = {{"n", fixture.file(text)}}, .folders = {}, .xattrs = {}};
    };
    fixture.take(home, 0, number("1"));    // 02:00:00 to 02:01:00
    fixture.take(home, 600, number("2"));  // 02:10:00 to 02:11:00
    fixture.take(home, 600, number("3"));  // the same, -0002
    struct Case {
        const char* name;
        const char* holds;  ///< nullptr: absent
    };
    const Case cases[] = {
        {"2026-11-21T02:00:59.999999999Z", nullptr},
        {"2026-11-21T02:01:00Z", "1"},
        {"2026-11-21 02:01", "1"},
        {"2026-11-21T03-01-00+01:00", "1"},
        {"2026-11-21T02:10:59Z", "1"},
        {"2026-11-21T02:11:00Z", "3"},
        {"2026-12-01T00:00Z", "3"},
        {"2026-11-21T02-00-00Z", "1"},       // a name: though it ended later
        {"2026-11-21T02-10-00Z", "2"},       // a name: though it ended later
        {"2026-11-21T02-10-00Z-0002", "3"},  // no way to write a time
        {"2026-11-21T02-10-00Z-0003", nullptr},
        {"2026-11-21T02:10:00Z", "1"},
        {"2026-11-21T02-05-00Z", "1"},
        {"2027-11-21T02:00Z", nullptr},  // in the future
        {"2027-11-21T02-00-00Z", nullptr},
        {"1999-01-01T00:00Z", nullptr},
        {"2026-11-22", nullptr},  // a date is no moment, and this day has no restore point
        {"now+5m", nullptr},
        {"now-100d", nullptr},
        {"Latest", nullptr},
        {"", nullptr},
        {"..", nullptr},
    };
    for (const Case& one : cases) {
        INFO(one.name);
        const auto node = fixture.name_in("home/at", one.name);
        const auto every = fixture.name_in("at", one.name);
        REQUIRE(node.has_value() == (one.holds != nullptr));
        REQUIRE(every.has_value() == (one.holds != nullptr));
        if (!node) continue;
        CHECK(node->kind == NodeKind::stored);
        CHECK(node->moving);
        CHECK(fixture.bytes(*fixture.view.lookup(*node, "n")) == one.holds);
        CHECK(fixture.bytes(fmt::format("at/{}/home/n", one.name)) == one.holds);
    }
}

TEST_CASE("A file that is the same in two snapshots is one file, anything else is not") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    const auto other = fixture.add("other");
    Folder monday;
    monday.files["same"] = fixture.file("same");
    monday.files["twin"] = fixture.file("same");
    for (const char* name : {"bytes", "mode", "owner", "group", "mtime", "ctime", "xattr"})
        monday.files[name] = fixture.file("before");
    monday.files["pair"] = monday.files["pair2"] = with_links(fixture.file("linked", 9), 2);
    monday.folders["d"].files["same"] = fixture.file("same");
    Folder tuesday = monday;
    tuesday.files["bytes"] = fixture.file("behind");
    tuesday.files["mode"].attributes.permissions = 0600;
    tuesday.files["owner"].attributes.uid = 5;
    tuesday.files["group"].attributes.gid = 5;
    ++tuesday.files["mtime"].attributes.modified.ns;
    ++tuesday.files["ctime"].attributes.changed.ns;
    tuesday.files["xattr"] = with_xattr(tuesday.files["xattr"], "user.x", "1");
    fixture.take(home, 0, monday);
    fixture.take(home, 3600, tuesday);
    fixture.take(other, 0, monday);
    const auto identity = [&](const std::string& path) { return fixture.at(path).identity; };
    const std::string before = "home/snapshots/2026-11-21T02-00-00Z/";
    const std::string after = "home/snapshots/2026-11-21T03-00-00Z/";
    CHECK(identity(before + "same") == identity(after + "same"));
    CHECK(identity(before + "d/same") == identity(after + "d/same"));
    CHECK(identity(before + "same") == identity("home/at/latest/same"));
    CHECK(identity(before + "same") == identity("home/at/2026-11-21T02:30Z/same"));
    for (const char* name :
         {"bytes", "mode", "owner", "group", "mtime", "ctime", "xattr", "pair", "d", "."}) {
        INFO(name);
        CHECK(identity(before + name) != identity(after + name));
    }
    CHECK(identity(before + "same") != identity(before + "twin"));
    CHECK(identity(before + "same") != identity(before + "d/same"));
    CHECK(identity(before + "same") != identity("other/snapshots/latest/same"));
    CHECK(identity(before + "pair") == identity(before + "pair2"));
    CHECK(identity(before + "pair") == identity("home/at/2026-11-21T02:30Z/pair2"));
    CHECK(identity(before) != identity("home/at/2026-11-21T02:30Z"));
    CHECK(identity("home/at/2026-11-21T02:30Z") != identity("home/at/2026-11-21T02:31Z"));
    CHECK(identity(before + "d") != identity("home/at/2026-11-21T02:30Z/d"));
}

TEST_CASE("Names of one inode that differ, since it changed meanwhile, are two files") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    Folder folder;
    folder.files["a"] = with_links(fixture.file("early", 9), 3);
    folder.files["b"] = with_links(fixture.file("later", 9), 3);
    folder.files["c"] = folder.files["b"];
    folder.files["d"] = folder.files["b"];
    folder.files["d"].attributes.file_system = 1;
    fixture.take(home, 0, folder);
    const auto identity = [&](const char* name) {
        return fixture.at(std::string("home/at/latest/") + name).identity;
    };
    CHECK(identity("a") != identity("b"));
    CHECK(identity("b") == identity("c"));
    CHECK(identity("d") != identity("c"));
}

TEST_CASE("Identities are the same after a remount, and guessed by nobody without the key") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    Folder folder;
    folder.files["a"] = fixture.file("alpha");
    folder.folders["d"] = {};
    fixture.take(home, 0, folder);
    const view::View again(fixture.catalog, fixture.cache, fixture.clock);
    std::set<std::uint64_t> numbers;
    for (const char* path :
         {"", "README.txt", "at", "home", "home/info.json", "home/snapshots", "home/at",
          "home/snapshots/latest", "home/snapshots/latest/a", "home/snapshots/latest/d"}) {
        const Node node = fixture.at(path);
        CHECK(node.identity == again.resolve(path)->identity);
        CHECK(node.identity.inode_number() > 1);
        CHECK(numbers.insert(node.identity.inode_number()).second);
    }
    SeededRandom random(1);
    const view::Identities one(crypto::SecretKey::random(random));
    const view::Identities other(crypto::SecretKey::random(random));
    CHECK(one.generated(NodeKind::root, 0) != other.generated(NodeKind::root, 0));
    CHECK(view::Identity{}.inode_number() > 1);
    CHECK(view::Identity{{1, 0}}.inode_number() > 1);
    CHECK(sizeof(Node) <= 120);
}

TEST_CASE("A node is read again after everything decoded was evicted") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    Folder folder;
    for (int i = 0; i < 3000; ++i)
        folder.files[fmt::format("f{:04}", i)] = fixture.file(fmt::format("bytes of {}", i));
    fixture.take(home, 0, folder);
    const store::ObjectCache small(*fixture.store, 0);
    const view::View view(fixture.catalog, small, fixture.clock);
    std::vector<std::pair<std::string, Node>> nodes;
    view.list(*view.resolve("home/snapshots/latest"), 0, [&](const view::Listing& listing) {
        nodes.emplace_back(listing.name, *listing.node);
        return true;
    });
    REQUIRE(nodes.size() == 3000);
    for (const auto& [name, node] : nodes) {
        if (std::stoi(name.substr(1)) % 100 != 0) continue;
        CHECK(fixture.bytes(node) == fmt::format("bytes of {}", std::stoi(name.substr(1))));
        CHECK((view.attributes(node).stat == folder.files[name].attributes));
    }
}

TEST_CASE("Stored xattrs are listed, generated ones are answered but not listed") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    const std::string large(5000, 'x');
    Folder folder;
    folder.files["a"] = with_xattr(fixture.file("alpha"), "user.color", "blue");
    folder.files["a"].xattrs.push_back(
        {"user.large", {}, put_chunk(*fixture.writer, as_bytes(large)), 5000});
    folder.files["lie"] = fixture.file("liar");
    folder.files["lie"].xattrs.push_back(
        {"user.large", {}, put_chunk(*fixture.writer, as_bytes(large)), 4999});
    folder.files["b"] = fixture.file("alpha");
    folder.files["c"] = fixture.file("gamma");
    folder.files["link"] = link("a");
    fixture.take(home, 0, folder);
    const Node top = fixture.at("home/snapshots/latest");
    const Node a = fixture.at("home/snapshots/latest/a");
    const auto id_of = [&](const char* name) {
        return fixture.xattr(fixture.at(std::string("home/snapshots/latest/") + name),
                             "user.yore.content-id");
    };
    CHECK(fixture.view.xattr_names(a) == Names{"user.color", "user.large"});
    CHECK(fixture.xattr(a, "user.color") == "blue");
    CHECK(fixture.xattr(a, "user.large") == large);
    CHECK(code_thrown_by([&] {
              (void)fixture.xattr(fixture.at("home/snapshots/latest/lie"), "user.large");
          }) == Errc::corrupt);
    CHECK(fixture.xattr(a, "user.none") == std::nullopt);
    CHECK(fixture.xattr(a, "user.yore.snapshot") == std::nullopt);
    CHECK(fixture.view.xattr_names(top).empty());
    CHECK(fixture.xattr(top, "user.yore.snapshot") == "2026-11-21T02-00-00Z");
    CHECK(fixture.xattr(top, "user.yore.time") == "2026-11-21T02:01:00Z");
    CHECK(fixture.xattr(top, "user.yore.content-id") == std::nullopt);
    CHECK(id_of("a").value().size() == 64);
    CHECK(id_of("a") == id_of("b"));
    CHECK(id_of("a") != id_of("c"));
    CHECK(id_of("link") == std::nullopt);
    CHECK(fixture.xattr(fixture.view.root(), "user.yore.snapshot") == std::nullopt);
    CHECK(fixture.view.xattr_names(fixture.view.root()).empty());
}

TEST_CASE("A snapshot whose root is no directory is corrupt, and its neighbours are not") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    fixture.take(home, 0, {});
    auto broken = fixture.take(home, 3600, {});
    tree::DirectoryBuilder builder(*fixture.writer, fixture.bounds);
    builder.add([&] {
        tree::Entry entry = fixture.file("a file");
        entry.name = "root";
        return entry;
    }());
    fixture.remove(broken);
    broken.root = builder.finish().top;
    const store::RecordChange change = catalog::Catalog::put(broken);
    fixture.writer->commit({&change, 1});
    CHECK(code_thrown_by([&] { (void)fixture.view.resolve("home/snapshots/latest"); }) ==
          Errc::corrupt);
    CHECK(fixture.names("home/snapshots").size() == 3);
    CHECK(fixture.is_there("home/at/earliest"));
}
