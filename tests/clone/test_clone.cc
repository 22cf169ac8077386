// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "clone_fixture.h"

using namespace yore;
using namespace yore::test;
using Names = std::vector<std::string>;

namespace {

struct Home : CloneFixture {
    explicit Home(clone::CloneOptions limits = {}) : CloneFixture(folder, limits) {}
    static Folder folder(ViewFixture& maker) {
        Folder top;
        top.files["empty"] = maker.file("");
        top.folders["d"].files["inner"] = maker.file("");
        top.folders["d"].folders["deep"].files["last"] = maker.file("");
        top.files["link"] = test::link("d/inner");
        return top;
    }
};

}  // namespace

TEST_CASE("a clone begins as its tree") {
    Home home;
    CHECK(home.names("") == Names{"d", "empty", "link"});
    CHECK(home.names("d") == Names{"deep", "inner"});
    CHECK(*home.clone->link_target(home.number("link")) == "d/inner");
    CHECK_FALSE(home.find("nothing"));
    CHECK(home.clone->usage().bytes == 0);
    CHECK(home.clone->usage().files == 0);
}

TEST_CASE("what is made, linked, renamed and removed is so after it was opened again") {
    Home home;
    home.make("d", "new");
    CHECK(home.write("d/new", 3, "abc") == view::Refusal());
    CHECK(home.clone->link(home.number("d/new"), home.number(""), "other"));
    CHECK(home.clone->remove(home.number("d"), "inner", view::RemoveKind::file) == view::Refusal());
    CHECK(home.clone->rename({home.number(""), "d"}, {home.number(""), "e"},
                             view::RenameMode::replace) == view::Refusal());
    const auto number = home.number("e/new");
    const auto deep = home.number("e/deep/last");
    for (const bool again : {false, true}) {
        if (again) home.open();
        CHECK(home.names("") == Names{"e", "empty", "link", "other"});
        CHECK(home.names("e") == Names{"deep", "new"});
        CHECK(home.number("e/new") == number);
        CHECK(home.number("other") == number);
        CHECK(home.find("other")->st_nlink == 2);
        CHECK(home.number("e/deep/last") == deep);
        CHECK(home.read("other") == std::string("\0\0\0abc", 6));
    }
}

TEST_CASE("an inode lives until its last name is gone and nobody knows it") {
    Home home;
    const auto number = home.make("", "file");
    REQUIRE(home.write("file", 0, "kept") == view::Refusal());  // one more lookup
    CHECK(home.clone->remove(view::writable_root, "file", view::RemoveKind::file) ==
          view::Refusal());
    BytesSink sink;
    CHECK(home.clone->read(number, 0, 100, sink) == view::Refusal());
    CHECK(sink.text == "kept");
    CHECK(home.clone->attributes(number)->st_nlink == 0);
    home.clone->forget(number, 2);
    CHECK(home.clone->attributes(number).why() == view::stale_inode);
    CHECK(home.clone->usage().files == 1);  // the top, whose time changed
    CHECK(home.clone->usage().bytes == 0);
}

TEST_CASE("what was removed while it was open is gone when the process was killed") {
    Home home;
    home.make("", "file");
    REQUIRE(home.write("file", 0, std::string(100'000, 'x')) == view::Refusal());
    REQUIRE(home.clone->sync(home.number("file"), view::SyncMode::all) == view::Refusal());
    CHECK(home.clone->remove(view::writable_root, "file", view::RemoveKind::file) ==
          view::Refusal());
    CHECK(home.clone->usage().bytes >= 100'000);
    home.open();
    CHECK(home.clone->usage().bytes == 0);
    CHECK(home.clone->usage().files == 1);
}

TEST_CASE("a rename takes the place of what is there, or not, or changes places") {
    Home home;
    const auto top = home.number("");
    home.make("", "a");
    home.make("", "b");
    REQUIRE(home.write("a", 0, "A") == view::Refusal());
    REQUIRE(home.write("b", 0, "B") == view::Refusal());
    const auto rename = [&](const char* from, const char* to, view::RenameMode mode) {
        return home.clone->rename({top, from}, {top, to}, mode);
    };
    CHECK(rename("a", "b", view::RenameMode::no_replace) == std::errc::file_exists);
    CHECK(rename("a", "b", view::RenameMode::exchange) == view::Refusal());
    CHECK(home.read("a") == "B");
    CHECK(rename("a", "d", view::RenameMode::exchange) == view::Refusal());
    CHECK(home.names("a") == Names{"deep", "inner"});
    CHECK(rename("a", "d", view::RenameMode::replace) == std::errc::not_a_directory);
    CHECK(rename("d", "a", view::RenameMode::replace) == std::errc::is_a_directory);
    home.make("", "full", S_IFDIR | 0755);
    CHECK(rename("full", "a", view::RenameMode::replace) == std::errc::directory_not_empty);
    CHECK(rename("b", "d", view::RenameMode::replace) == view::Refusal());
    CHECK(home.read("d") == "A");
    CHECK(home.names("") == Names{"a", "d", "empty", "full", "link"});
    CHECK(rename("none", "a", view::RenameMode::replace) == std::errc::no_such_file_or_directory);
}

TEST_CASE("only an empty directory can be removed") {
    Home home;
    const auto remove = [&](std::string_view directory, const char* name, view::RemoveKind kind) {
        return home.clone->remove(home.number(directory), name, kind);
    };
    using view::RemoveKind;
    CHECK(remove("", "d", RemoveKind::directory) == std::errc::directory_not_empty);
    CHECK(remove("", "d", RemoveKind::file) == std::errc::is_a_directory);
    CHECK(remove("", "empty", RemoveKind::directory) == std::errc::not_a_directory);
    CHECK(remove("d/deep", "last", RemoveKind::file) == view::Refusal());
    CHECK(remove("d", "deep", RemoveKind::directory) == view::Refusal());
    CHECK(remove("d", "inner", RemoveKind::file) == view::Refusal());
    CHECK(remove("", "d", RemoveKind::directory) == view::Refusal());
    home.make("", "d", S_IFDIR | 0700);
    CHECK(home.names("d").empty());
    home.open();
    CHECK(home.names("d").empty());
}

TEST_CASE("a limit refuses what needs more space, and what is removed gives it back") {
    Home home({.bytes_max = 1u << 20});
    home.make("", "a");
    CHECK(home.write("a", 0, std::string(900'000, 'a')) == view::Refusal());
    CHECK(home.write("a", 900'000, std::string(900'000, 'b')) == view::quota_exceeded);
    CHECK(home.find("a")->st_size == 900'000);
    CHECK(home.write("a", 0, std::string(900'000, 'c')) == view::Refusal());
    CHECK(home.clone->space().f_bavail * home.clone->space().f_frsize < 200'000);
    home.resize("a", 0);
    CHECK(home.write("a", 0, std::string(900'000, 'd')) == view::Refusal());
}

TEST_CASE("a clone is opened over its own tree alone, and by one") {
    Home home;
    home.make("", "a");
    CHECK_THROWS_AS(clone::Clone::create(home.changes()), Error);
    NodeId other = home.root;
    other.bytes[0] ^= std::byte{1};
    const auto open = [&](const NodeId& root) {
        clone::Clone(home.fixture.cache, home.identities, home.changes(), root, {});
    };
    CHECK_THROWS_AS(open(home.root), Error);  // busy
    home.clone.reset();
    CHECK_THROWS_AS(open(other), Error);
    open(home.root);
}

TEST_CASE("new files take group and ACLs from their directory") {
    Home home;
    view::AttributeChange change;
    change.permissions = 02775;
    change.gid = 4711;
    REQUIRE(home.clone->change(home.number("d"), change));
    const auto made = home.clone->make(home.number("d"), "f", {.mode = S_IFREG | 0666},
                                       {.uid = 1, .gid = 2, .umask = 027});
    REQUIRE(made);
    CHECK(made->st_gid == 4711);
    CHECK((made->st_mode & 07777) == 0640);
    const auto below = home.clone->make(home.number("d"), "s", {.mode = S_IFDIR | 0777}, {});
    CHECK((below->st_mode & 07777) == 02777);
}
