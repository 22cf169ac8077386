// SPDX-License-Identifier: Apache-2.0
/// A mounted clone beside a plain directory, under random operations. YORE_LIMITS=full: for long.
#include <yore/mount/writable_mount.h>

#include <cstdlib>

#include <unistd.h>

#include "clone_fixture.h"
#include "model/choices.h"
#include "model/fsx.h"
#include "model/model.h"

using namespace yore;
using namespace yore::test;

namespace {

std::uint64_t steps(std::uint64_t few) {
    const char* limits = std::getenv("YORE_LIMITS");
    return limits != nullptr && std::string_view(limits) == "full" ? 100 * few : few;
}

/// Files of several extents, with holes between them, in directories.
Folder stored_tree(ViewFixture& fixture, Choices& choices) {
    Folder top;
    std::uint64_t inode = 100;
    const auto file = [&](std::uint64_t size) {
        return fixture.file(choices.bytes(size), ++inode);
    };
    const auto with_hole = [&] {
        tree::Entry entry = file(70'000);
        const auto data = entry.content.extents.front();
        entry.content.extents.push_back({100'001, std::nullopt, 0});
        entry.content.extents.push_back({30'000, data.chunk, 20'000});
        entry.attributes.size = entry.content.size = 200'001;
        return entry;
    };
    top.files["a"] = file(10);
    top.files["b"] = file(300'000);
    top.files["c"] = with_hole();
    top.files["e"] = link("d/a");
    for (const char* name : {"d", "f"}) {
        Folder& inner = top.folders[name];
        inner.files["a"] = file(4096);
        inner.files["b"] = with_hole();
        inner.files["c"] = file(0);
        inner.folders["g"].files["a"] = file(100'000);
    }
    return top;
}

struct MountedClone : ViewFixture {
    explicit MountedClone(Choices& choices)
        : root(take(add("home"), 0, stored_tree(*this, choices)).root) {
        for (const char* directory : {"model", "mounted"}) {
            REQUIRE(::mkdir((scratch / directory).c_str(), 0755) == 0);
        }
        REQUIRE(::chmod(scratch.path().c_str(), 0755) == 0);
        clone::Clone::create(scratch / "changes");
        open();
        const std::string copy =
            fmt::format("cp -a {}/. {}", scratch / "mounted", scratch / "model");
        REQUIRE(std::system(copy.c_str()) == 0);
    }
    void close() {
        mount->unmount();
        mount.reset();
        clone.reset();
    }
    void open() {
        clone = std::make_unique<clone::Clone>(cache, identities, scratch / "changes", root,
                                               clone::CloneOptions{});
        mount.emplace(*clone, mount::MountOptions{.directory = scratch / "mounted",
                                                  .repository = scratch / "changes"});
    }

    view::Identities identities{store->keys().inodes};
    TemporaryDirectory scratch;
    NodeId root;
    std::unique_ptr<clone::Clone> clone;
    std::optional<mount::WritableMount> mount;
};

bool can_mount() {
    if (::geteuid() == 0 && ::access("/dev/fuse", R_OK | W_OK) == 0) return true;
    WARN("not root, or no /dev/fuse: nothing is mounted, nothing tested");
    return false;
}

}  // namespace

TEST_CASE("a mounted clone does what a plain directory does, also after it was opened again") {
    if (!can_mount()) return;
    CAPTURE(test_seed());
    Choices choices(test_seed());
    MountedClone mounted(choices);
    const ModelOptions options{mounted.scratch / "model", mounted.scratch / "mounted", test_seed(),
                               steps(500)};
    for (int round = 0; round < 2; ++round) {
        ModelOptions next = options;
        next.seed += static_cast<std::uint64_t>(round);
        REQUIRE(difference_after(next).value_or("") == "");
        mounted.close();
        mounted.open();
        REQUIRE(tree_difference(options.model, options.tried) == "");
    }
}

TEST_CASE("bytes of a file in a mounted clone are those that were written") {
    if (!can_mount()) return;
    CAPTURE(test_seed());
    Choices choices(test_seed());
    MountedClone mounted(choices);
    CHECK(
        fsx_difference({mounted.scratch / "mounted/fsx", test_seed(), steps(1000)}).value_or("") ==
        "");
}
