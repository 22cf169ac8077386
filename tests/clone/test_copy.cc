// SPDX-License-Identifier: Apache-2.0
/// A clone that is copied: what the first one is now, and then each by itself.
#include <yore/base/file.h>
#include <yore/view/log_replay.h>

#include <filesystem>

#include <fcntl.h>

#include "clone_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

Folder with_files(ViewFixture& maker) {
    Folder top;
    top.files["changed"] = maker.file(std::string(300'000, 'c'), 11);
    top.files["cut"] = maker.file(std::string(50'000, 'u'), 12);
    top.files["gone"] = maker.file("gone", 13);
    top.files["zeros"] = maker.file(std::string(100'000, 'z'), 14);
    top.folders["d"].files["same"] = maker.file("same", 15);
    return top;
}

struct Copied : CloneFixture {
    Copied() : CloneFixture(with_files) {
        REQUIRE(write("changed", 131'072, "changed") == view::Refusal());
        resize("cut", 10'000);
        resize("cut", 60'000);
        REQUIRE(clone->remove(number(""), "gone", view::RemoveKind::file) == view::Refusal());
        REQUIRE(clone->allocate(number("zeros"), view::AllocateMode::punch, 8192, 16384) ==
                view::Refusal());
        make("d", "new");
        REQUIRE(write("d/new", 1u << 20, "behind a hole") == view::Refusal());
        REQUIRE(clone->rename({number(""), "d"}, {number(""), "moved"},
                              view::RenameMode::replace) == view::Refusal());
    }
    std::string copies() const { return parent / "copy"; }
    /// Its calls go to the copy from now on.
    std::unique_ptr<clone::Clone> turn_to_copy() {
        return std::exchange(clone, std::make_unique<clone::Clone>(fixture.cache, identities,
                                                                   copies(), root, options));
    }
    /// What a reader sees, by path.
    std::map<std::string, std::string> all(const std::string& directory = "") {
        std::map<std::string, std::string> seen;
        for (const std::string& name : names(directory)) {
            const std::string path = directory.empty() ? name : directory + "/" + name;
            const auto status = find(path).value();
            if (S_ISDIR(status.st_mode)) {
                seen.merge(all(path));
                continue;
            }
            seen[path] = fmt::format("{}.{} {} ", status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                                     status.st_mode) +
                         read(path);
        }
        return seen;
    }
};

}  // namespace

TEST_CASE("a copy of a clone is what that one is, and then each is by itself") {
    Copied home;
    const auto before = home.all();
    home.clone->copy_to(home.copies(), {});
    auto first = home.turn_to_copy();
    CHECK(home.all() == before);
    CHECK(home.clone->usage().bytes <= first->usage().bytes);  // holes are holes
    REQUIRE(home.write("changed", 0, "by the copy") == view::Refusal());
    home.make("moved", "of the copy");
    const auto of_copy = home.all();
    std::swap(first, home.clone);
    CHECK(home.all() == before);
    REQUIRE(home.write("changed", 200'000, "by the first") == view::Refusal());
    std::swap(first, home.clone);
    CHECK(home.all() == of_copy);
    first.reset();
    clone::remove_clone(home.changes());
    CHECK(home.all() == of_copy);
    CHECK(home.clone->usage().files == 7);
}

TEST_CASE("files that have no name any more stay with the first clone") {
    Copied home;
    const auto open = home.number("changed");
    REQUIRE(home.clone->remove(home.number(""), "changed", view::RemoveKind::file) ==
            view::Refusal());
    home.clone->copy_to(home.copies(), {});
    BytesSink sink;
    REQUIRE(home.clone->read(open, 131'072, 7, sink) == view::Refusal());
    CHECK(sink.text == "changed");
    const auto first = home.turn_to_copy();
    CHECK(home.clone->usage().bytes < first->usage().bytes);
    CHECK_FALSE(home.find("changed"));
}

TEST_CASE("a copy begins where there is nothing, and ends when it is stopped") {
    Copied home;
    std::filesystem::create_directory(home.copies());
    CHECK(code_thrown_by([&] { home.clone->copy_to(home.copies(), {}); }) == Errc::exists);
    std::stop_source stop;
    stop.request_stop();
    CHECK(code_thrown_by([&] { home.clone->copy_to(home.parent / "other", stop.get_token()); }) ==
          Errc::cancelled);
    REQUIRE(home.write("changed", 0, "it goes on") == view::Refusal());
}

TEST_CASE("files that two clones made are not one file in what is stored") {
    Copied home;
    home.clone->copy_to(home.copies(), {});
    const auto inode_of_new = [&] {
        home.make("", "made later");
        const auto writer = home.fixture.store->write();
        const auto stored = home.clone->store(*writer, home.fixture.store->keys(), {}, {});
        writer->commit({});
        const auto top = tree::Directory(home.fixture.cache, stored.root).find("root").value();
        return tree::Directory(home.fixture.cache, *top.child())
            .find("made later")
            ->attributes()
            .inode;
    };
    const auto of_first = inode_of_new();
    const auto first = home.turn_to_copy();
    CHECK(inode_of_new() != of_first);
}
