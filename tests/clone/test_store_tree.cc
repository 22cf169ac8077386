// SPDX-License-Identifier: Apache-2.0
/// A clone that is stored: what did not change is what it was.
#include <yore/tree/compare.h>
#include <yore/view/log_replay.h>

#include "clone_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

/// The fixture's chunks are put beside the Writer that stores the clone.
struct Stored : CloneFixture {
    explicit Stored(const MakeFolder& make) : CloneFixture(make) {}
    NodeId store() {
        const auto writer = fixture.store->write();
        const auto stored = clone->store(*writer, fixture.store->keys(), made, std::stop_token());
        totals = stored.totals;
        bytes_read = stored.bytes_read;
        writer->commit({});
        return stored.root;
    }
    /// `kind path` of all that differs from the clone's tree.
    std::vector<std::string> changes(const NodeId& after) {
        std::vector<std::string> all;
        tree::compare(fixture.cache, root, after, [&](const tree::Difference& one) {
            const char* const kinds[] = {"added", "removed", "changed"};
            const bool content = one.kind == tree::Difference::Kind::changed && one.content;
            all.push_back(fmt::format("{} {}{}", kinds[static_cast<int>(one.kind)], one.path,
                                      content ? " content" : ""));
            return true;
        });
        return all;
    }
    std::string bytes_of(const NodeId& tree_root, std::string_view path) {
        NodeId at = tree_root;
        std::string rest = "root/" + std::string(path);
        while (true) {
            const auto slash = rest.find('/');
            const auto entry = tree::Directory(fixture.cache, at).find(rest.substr(0, slash));
            REQUIRE(entry);
            if (slash == std::string::npos) {
                const tree::ContentReader reader(fixture.cache, entry->content());
                std::string bytes(reader.size(), '?');
                reader.read(0, {reinterpret_cast<std::byte*>(bytes.data()), bytes.size()});
                return bytes;
            }
            at = entry->child().value();
            rest = rest.substr(slash + 1);
        }
    }
    view::MadeObjects made;
    tree::Totals totals;
    std::uint64_t bytes_read = 0;
};

Folder two_levels(ViewFixture& maker) {
    Folder top;
    top.folders["a"].folders["deep"].files["file"] = maker.file(std::string(20'000, 'f'), 11);
    top.folders["a"].files["other"] = maker.file("other", 12);
    top.folders["b"].files["same"] = maker.file("same", 13);
    top.folders["b"].files["linked"] = with_links(maker.file("linked", 14), 2);
    top.folders["c"].files["linked too"] = with_links(maker.file("linked", 14), 2);
    return top;
}

}  // namespace

TEST_CASE("a clone in which nothing changed is stored as the tree that it was made of") {
    Stored home(two_levels);
    CHECK(home.store() == home.root);
    CHECK(home.bytes_read == 0);
}

TEST_CASE("a stored clone has what changed, wherever it is, and shares the rest") {
    Stored home(two_levels);
    REQUIRE(home.write("a/deep/file", 9000, "changed") == view::Refusal());
    home.make("b", "new");
    REQUIRE(home.write("b/new", 5000, "after a hole") == view::Refusal());
    REQUIRE(home.clone->remove(home.number("a"), "other", view::RemoveKind::file) ==
            view::Refusal());
    home.open();
    const NodeId after = home.store();
    CHECK(home.changes(after) ==
          std::vector<std::string>{"changed root/a", "changed root/a/deep/file content",
                                   "removed root/a/other", "changed root/b", "added root/b/new"});
    std::string expected(20'000, 'f');
    expected.replace(9000, 7, "changed");
    CHECK(home.bytes_of(after, "a/deep/file") == expected);
    CHECK(home.bytes_of(after, "b/new") == std::string(5000, '\0') + "after a hole");
    CHECK(home.totals.files == 5);
}

TEST_CASE("all names of a changed file are stored with its change") {
    Stored home(two_levels);
    REQUIRE(home.write("b/linked", 0, "LINKED") == view::Refusal());
    const NodeId after = home.store();
    CHECK(home.bytes_of(after, "c/linked too") == "LINKED");
    CHECK(home.changes(after).size() == 2);
}

TEST_CASE("a directory that was moved is stored where it is now") {
    Stored home(two_levels);
    const auto top = home.number("");
    REQUIRE(home.clone->rename({home.number("a"), "deep"}, {top, "moved"},
                               view::RenameMode::replace) == view::Refusal());
    home.open();
    REQUIRE(home.write("moved/file", 0, "F") == view::Refusal());
    const NodeId after = home.store();
    CHECK(home.bytes_of(after, "moved/file") == "F" + std::string(19'999, 'f'));
    // A clone of what was stored begins as it.
    home.clone.reset();
    clone::Clone::create(home.parent / "second");
    home.clone = std::make_unique<clone::Clone>(
        home.fixture.cache, home.identities, home.parent / "second", after, clone::CloneOptions());
    CHECK(home.names("") == std::vector<std::string>{"a", "b", "c", "moved"});
    CHECK(home.names("a") == std::vector<std::string>{"other"});
    CHECK(home.read("moved/file") == "F" + std::string(19'999, 'f'));
    CHECK(home.store() == after);
}

TEST_CASE("what a moment has in memory alone is stored with its clone") {
    struct MemorySink final : store::NodeSink {
        explicit MemorySink(Stored& to) : home(to), fixture(to.fixture) {}
        NodeId put_node(ByteView plain) override {
            const NodeId id = fixture.store->node_id(plain);
            fixture.cache.add(id, std::make_shared<const Buffer>(Buffer::copy_of(plain)));
            home.made.nodes.insert(id);
            plains.push_back(to_bytes(plain));
            return id;
        }
        Stored& home;
        ViewFixture& fixture;
        std::vector<Bytes> plains;
    };
    Stored home(two_levels);
    ViewFixture& fixture = home.fixture;
    MemorySink memory(home);
    const auto made_file = [&](std::string_view text, std::uint64_t inode) {
        tree::Entry entry = fixture.file("", inode);
        const ChunkId chunk = fixture.store->chunk_id(as_bytes(text));
        home.made.chunks.insert(chunk);
        fixture.cache.add(chunk, std::make_shared<const Buffer>(Buffer::copy_of(as_bytes(text))));
        entry.attributes.size = entry.content.size = text.size();
        entry.content.extents.push_back({text.size(), chunk, 0});
        return entry;
    };
    Folder made = two_levels(fixture);
    made.folders["a"].folders["deep"].files["made"] = made_file("made by log", 21);
    made.files["changed"] = made_file("made at the top", 22);
    made.files["touched"] = made_file("its mode changes", 23);
    tree::DirectoryBuilder above(memory, fixture.bounds);
    above.add(build_folder(memory, fixture.bounds, "root", made));
    home.root = above.finish().top;
    // As it is when a snapshot of this moment's clone was removed, and collected in part: nodes are
    // left without what they refer to.
    const bool nodes_are_left = GENERATE(false, true);
    if (nodes_are_left) {
        const auto writer = fixture.store->write();
        for (const Bytes& plain : memory.plains) writer->put_node(plain);
        writer->commit({});
        REQUIRE(fixture.store->find(home.root));
    }
    clone::Clone::create(home.parent / "of made");
    home.clone = std::make_unique<clone::Clone>(
        fixture.cache, home.identities, home.parent / "of made", home.root, clone::CloneOptions());
    REQUIRE(home.write("b/same", 0, "S") == view::Refusal());
    view::AttributeChange mode;
    mode.permissions = 0600;
    REQUIRE(home.clone->change(home.number("touched"), mode));
    const NodeId after = home.store();
    // As a process sees it that has nothing in memory.
    const store::ObjectCache other(*fixture.store, 1u << 20);
    std::vector<std::string> seen;
    const auto look = [&](const auto& self, const NodeId& directory) -> void {
        tree::Directory(other, directory).scan("", [&](const tree::EntryView& entry) {
            if (entry.child()) self(self, *entry.child());
            if (entry.kind() != tree::FileKind::regular) return true;
            const tree::ContentReader reader(other, entry.content());
            std::string bytes(reader.size(), '?');
            reader.read(0, {reinterpret_cast<std::byte*>(bytes.data()), bytes.size()});
            seen.push_back(std::string(entry.name()) + " " + bytes.substr(0, 20));
            return true;
        });
    };
    look(look, after);
    CHECK(seen == std::vector<std::string>{"file " + std::string(20, 'f'), "made made by log",
                                           "other other", "linked linked", "same Same",
                                           "linked too linked", "changed made at the top",
                                           "touched its mode changes"});
}
