// SPDX-License-Identifier: Apache-2.0
#include <yore/tree/edit.h>

#include "random_changes.h"
#include "tree_fixture.h"

using namespace yore;
using namespace yore::test;
using namespace yore::tree;

namespace {

void apply(TreeEdit& edit, const RandomChange& change, TreeFixture& fixture) {
    const auto entry = [&] {
        Entry built = change.item.build(fixture.writer, fixture.bounds, "any");
        fixture.writer.commit({});  // what comes next may look into it
        return built;
    };
    switch (change.kind) {
        case RandomChange::Kind::put:
            for (const std::string& path : change.paths) edit.put(path, entry());
            break;
        case RandomChange::Kind::update:
            for (const std::string& path : change.paths) edit.update(path, entry());
            break;
        case RandomChange::Kind::remove:
            for (const std::string& path : change.paths) edit.remove(path);
            break;
        case RandomChange::Kind::move:
            edit.move(change.paths[0], change.paths[1]);
            break;
    }
}

NodeId stored(TreeFixture& fixture, const ModelTree& model) {
    const NodeId root = model.build(fixture.writer, fixture.bounds);
    fixture.writer.commit({});
    return root;
}

}  // namespace

TEST_CASE("An edited tree is the tree that is built from what the changes lead to") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    RandomChanges changes(random);
    ModelTree model;
    model.put("", changes.directory(3));
    NodeId root = stored(fixture, model);
    for (int round = 0; round < 60; ++round) {
        TreeEdit edit(fixture.cache, root);
        for (std::uint64_t left = random.below(25); left > 0; --left) {
            const RandomChange change = changes.next(model);
            change.apply(model);
            apply(edit, change, fixture);
        }
        root = edit.finish(fixture.writer, fixture.bounds).top;
        REQUIRE(root == model.build(fixture.writer, fixture.bounds));
        fixture.writer.commit({});
    }
}

TEST_CASE("A change applied twice does what it does once") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed() + 1);
    TreeFixture fixture;
    RandomChanges changes(random);
    ModelTree model;
    model.put("", changes.directory(3));
    for (int round = 0; round < 100; ++round) {
        TreeEdit edit(fixture.cache, stored(fixture, model));
        const RandomChange change = changes.next(model);
        change.apply(model);
        apply(edit, change, fixture);
        apply(edit, change, fixture);
        REQUIRE(edit.finish(fixture.writer, fixture.bounds).top == stored(fixture, model));
    }
}

TEST_CASE("Only directories that changed, and those above them, are written") {
    TreeFixture fixture;
    ModelTree model;
    ModelItem directory{{}, {}};
    directory.entry.attributes.kind = FileKind::directory;
    for (const char* path : {"a", "a/b", "a/c", "d", "d/e"}) model.put(path, directory);
    for (std::uint32_t i = 0; i < 50; ++i) {
        model.put(fmt::format("d/e/{}", i), {small_file(i)});
        model.put(fmt::format("a/c/{}", i), {small_file(100 + i)});
    }
    const NodeId before = stored(fixture, model);
    fixture.writer.forget();
    TreeEdit edit(fixture.cache, before);
    edit.put("a/b/new", small_file(7));
    edit.move("d/e", "a/e");
    const NodeId after = edit.finish(fixture.writer, fixture.bounds).top;
    // Above the source's directory, itself, a, a/b and d; not a/c, nor d/e, which moved whole.
    CHECK(fixture.writer.nodes().size() == 5);
    fixture.writer.commit({});
    CHECK(Directory(fixture.cache, after).totals().files == 101);
    TreeEdit nothing(fixture.cache, after);
    CHECK(nothing.finish(fixture.writer, fixture.bounds).top == after);
}

TEST_CASE("A tree is made from nothing, name by name") {
    TreeFixture fixture;
    ModelTree model;
    ModelItem directory{{}, {}};
    directory.entry.attributes.kind = FileKind::directory;
    directory.entry.attributes.permissions = 0700;
    TreeEdit edit(fixture.cache);
    for (const char* path : {"b", "b/empty", "a"}) {
        model.put(path, directory);
        Entry entry = directory.entry;
        edit.put(path, entry);
    }
    for (const char* path : {"b/y", "a/z", "b/x"}) {
        model.put(path, {small_file(3)});
        edit.put(path, small_file(3));
    }
    CHECK(edit.finish(fixture.writer, fixture.bounds).top == stored(fixture, model));
}

TEST_CASE("Changes that no tree can take are corrupt") {
    TreeFixture fixture;
    ModelTree model;
    ModelItem directory{{}, {}};
    directory.entry.attributes.kind = FileKind::directory;
    model.put("d", directory);
    model.put("f", {small_file(1)});
    const NodeId root = stored(fixture, model);
    const auto is_corrupt = [&](auto&& change) {
        TreeEdit edit(fixture.cache, root);
        return code_thrown_by([&] { change(edit); }) == Errc::corrupt;
    };
    CHECK(is_corrupt([](TreeEdit& edit) { edit.put("none/x", small_file(1)); }));
    CHECK(is_corrupt([](TreeEdit& edit) { edit.put("f/x", small_file(1)); }));
    CHECK(is_corrupt([](TreeEdit& edit) { edit.put("", small_file(1)); }));
    CHECK(is_corrupt([](TreeEdit& edit) { edit.remove(""); }));
    CHECK(is_corrupt([](TreeEdit& edit) { edit.remove("f/x"); }));
    CHECK(is_corrupt([](TreeEdit& edit) { edit.move("d", "d/x"); }));
    CHECK(is_corrupt([](TreeEdit& edit) { edit.move("f", ""); }));
    CHECK(is_corrupt([](TreeEdit& edit) { edit.move("f", "none/x"); }));
}

TEST_CASE("A tree may be deeper than any stack") {
    TreeFixture fixture;
    ModelTree model;
    TreeEdit edit(fixture.cache, stored(fixture, model));
    Entry directory;
    directory.attributes.kind = FileKind::directory;
    directory.child = fixture.build(Entries{}).top;
    std::string path = "d";
    for (int depth = 0; depth < 2000; ++depth, path += "/d") edit.put(path, directory);
    const NodeId root = edit.finish(fixture.writer, fixture.bounds).top;
    fixture.writer.commit({});
    CHECK(Directory(fixture.cache, root).totals().directories == 2001);
}
