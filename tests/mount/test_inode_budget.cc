// SPDX-License-Identifier: Apache-2.0
/// A real mount whose inode table is far smaller than the tree that is walked.
#include <yore/mount/mount.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <catch2/catch.hpp>

#include "../view/view_fixture.h"

using namespace yore;
using namespace yore::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t budget = 500;
constexpr std::size_t folder_count = 10, files_in_folder = 1000;

struct Directory {
    Directory() {
        std::string pattern = fs::temp_directory_path() / "yore-test-XXXXXX";
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() { fs::remove(path); }
    fs::path path;
};

Folder many_files(ViewFixture& fixture) {
    const tree::Entry file = fixture.file("content");
    Folder top;
    for (std::size_t d = 0; d < folder_count; ++d)
        for (std::size_t f = 0; f < files_in_folder; ++f)
            top.folders[fmt::format("d{}", d)].files[fmt::format("f{}", f)] = file;
    return top;
}

/// In another process, as the kernel's users are.
bool run(const std::string& command) {
    return std::system(command.c_str()) == 0;
}

/// The kernel forgets in its own time.
bool comes_down(const mount::Mount& mount) {
    for (int i = 0; i < 3000 && mount.inodes() > budget; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return mount.inodes() <= budget;
}

/// A view under a mount that keeps no more inodes than its budget.
struct Mounted {
    explicit Mounted(ViewFixture& fixture) : mount(fixture.view, fixture.cache, options()) {}
    mount::MountOptions options() const {
        mount::MountOptions options;
        options.directory = mountpoint.path;
        options.repository = elsewhere.path;
        options.inodes_max = budget;
        return options;
    }
    std::string find(std::string_view below) const {
        return fmt::format("find '{}/{}' ", mountpoint.path.string(), below);
    }
    Directory mountpoint, elsewhere;
    mount::Mount mount;
};

}  // namespace

TEST_CASE("a walk of many more files than the inode budget leaves no more than that") {
    ViewFixture fixture;
    fixture.take(fixture.add("home"), 0, many_files(fixture));
    const Mounted mounted(fixture);
    const std::string all = mounted.find("home/snapshots") + "-type f";
    for (int round = 0; round < 2; ++round) {
        REQUIRE(run(all + " -size 7c | wc -l | grep -qx 10000"));
        CHECK(comes_down(mounted.mount));
        REQUIRE(run(all + " -print0 | xargs -0 -P 4 -n 500 cat | wc -c | grep -qx 70000"));
        CHECK(comes_down(mounted.mount));
    }
}

TEST_CASE("so does a walk of the versions of many files, which keep their inode numbers") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    for (int taken = 0; taken < 2; ++taken) {
        Folder top;
        for (int f = 0; f < 1000; ++f)
            top.files[fmt::format("f{}", f)] = fixture.file(fmt::format("{} {}", taken, f));
        fixture.take(home, taken * 3600, top);
    }
    const Mounted mounted(fixture);
    const std::string all = mounted.find("home/versions");
    REQUIRE(run(all + "-type f | wc -l | grep -qx 2000"));
    CHECK(comes_down(mounted.mount));
    const std::string numbers = mounted.elsewhere.path / "numbers";
    REQUIRE(run(fmt::format("{} -printf '%i %p\\n' > '{}'", all, numbers)));
    CHECK(comes_down(mounted.mount));
    CHECK(run(fmt::format("{} -printf '%i %p\\n' | cmp - '{}'", all, numbers)));
    fs::remove(numbers);
}

TEST_CASE("names outside stored directories are shed too") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    constexpr int taken = 800;
    for (int i = 0; i < taken; ++i) fixture.take(home, i * 60, {});
    const Mounted mounted(fixture);
    for (int round = 0; round < 2; ++round) {
        REQUIRE(run(mounted.find("home/snapshots") + "-mindepth 1 -type d | wc -l | grep -qx 800"));
        CHECK(comes_down(mounted.mount));
    }
}
