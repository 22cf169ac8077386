// SPDX-License-Identifier: Apache-2.0
// The bytes of nodes never change: ids of unchanged directories depend on them.
#include <fstream>

#include <catch2/catch.hpp>

#include "tree_fixture.h"
#include "walk_node.h"

using namespace yore;
using namespace yore::test;
using namespace yore::tree;

namespace {

/// Lines that start with `#` are for people, the others are the bytes in hexadecimal.
std::string golden(const std::string& name) {
    std::ifstream file(std::string(GOLDEN_DIRECTORY) + "/" + name);
    std::string digits;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with('#')) digits += line;
    }
    return digits;
}
Bytes from_hex(const std::string& digits) {
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(std::stoul(digits.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

/// 01 01 01 …, 02 02 02 …
template <typename Id>
Id plain_id(unsigned number) {
    Id id;
    id.bytes.fill(static_cast<std::byte>(number));
    return id;
}

Entry example(const std::string& name, FileKind kind, std::uint32_t permissions,
              std::uint64_t inode) {
    Entry entry;
    entry.name = name;
    entry.attributes.kind = kind;
    entry.attributes.permissions = permissions;
    entry.attributes.uid = 1000;
    entry.attributes.gid = 100;
    entry.attributes.inode = inode;
    entry.attributes.modified = Timestamp::from_seconds(1'700'000'000, 123'456'789);
    entry.attributes.changed = Timestamp::from_seconds(1'700'000'100);
    return entry;
}
void set_content(Entry& entry, std::vector<Extent> extents) {
    for (const Extent& extent : extents) {
        entry.content.size += extent.length;
        if (!extent.chunk) entry.content.hole_bytes += extent.length;
    }
    entry.content.extents = std::move(extents);
    entry.attributes.size = entry.content.size;
}

/// One entry of each kind, and of each way to hold content.
Entries example_entries() {
    Entries entries;
    const auto add = [&](const std::string& name, FileKind kind,
                         std::uint32_t permissions) -> Entry& {
        const std::uint64_t inode = 7000 + entries.size();
        return entries.emplace(name, example(name, kind, permissions, inode)).first->second;
    };
    set_content(add("a.txt", FileKind::regular, 0644), {{100, plain_id<ChunkId>(1), 0}});
    set_content(add("b.txt", FileKind::regular, 0644), {{50, plain_id<ChunkId>(1), 100}});
    Entry& sparse = add("c.img", FileKind::regular, 0600);
    set_content(sparse, {{1u << 20, std::nullopt, 0},
                         {65536, plain_id<ChunkId>(2), 0},
                         {1ull << 40, std::nullopt, 0}});
    sparse.xattrs = {{"security.capability", to_bytes(as_bytes("\1\2\3")), {}, 3},
                     {"user.large", {}, plain_id<ChunkId>(3), 5000}};
    Entry& large = add("d.db", FileKind::regular, 0600);
    large.content = {5'000'000'000, {}, plain_id<NodeId>(4), 0};
    large.attributes.size = large.content.size;
    Entry& directory = add("e", FileKind::directory, 02755);
    directory.attributes.link_count = 3;
    directory.child = plain_id<NodeId>(5);
    directory.totals = {1234, 5, 1, 2};
    Entry& link = add("f", FileKind::symlink, 0777);
    link.target = "../elsewhere";
    link.attributes.size = link.target.size();
    add("g", FileKind::block_device, 0660).attributes.device = 0x801;
    add("h", FileKind::character_device, 0666).attributes.device = 0x103;
    add("i", FileKind::fifo, 0644).attributes.file_system = 2;
    add("j", FileKind::socket, 0755).attributes.modified = {-1};
    add("k\xff", FileKind::regular, 0);
    return entries;
}

struct GoldenFixture : TreeFixture {
    GoldenFixture() : TreeFixture(store::Encryption::none) {}
    std::string hex_of(const NodeId& id) const { return to_hex(writer.nodes().at(id)); }
};

}  // namespace

TEST_CASE("directory nodes have the bytes of the golden files") {
    GoldenFixture fixture;
    CHECK(fixture.hex_of(fixture.build(example_entries()).top) == golden("directory-leaf-1.hex"));
    CHECK(fixture.hex_of(fixture.build(Entries{}).top) == golden("directory-empty-1.hex"));
    Entries many;
    for (std::uint32_t i = 0; i < 2000; ++i) many.emplace(small_file(i).name, small_file(i));
    CHECK(fixture.hex_of(fixture.build(many).top) == golden("directory-inner-1.hex"));
}

TEST_CASE("nodes of lists have the bytes of the golden files") {
    GoldenFixture fixture;
    std::vector<Extent> few, many;
    for (std::uint32_t i = 0; i < 17; ++i) {
        few.push_back(i == 9 ? Extent{1u << 20, std::nullopt, 0}
                             : Extent{1000 + i, plain_id<ChunkId>(i / 2), i % 2 * 1500});
    }
    CHECK(fixture.hex_of(*fixture.build(few).list) == golden("content-leaf-1.hex"));
    SeededRandom random(1);
    for (std::uint32_t i = 0; i < 2000; ++i) {
        many.push_back({65536, random_id<ChunkId>(random), 0});
        if (i % 500 == 250) many.push_back({4096, std::nullopt, 0});
    }
    CHECK(fixture.hex_of(*fixture.build(many).list) == golden("content-inner-1.hex"));
}

TEST_CASE("golden nodes are read") {
    for (const char* name :
         {"directory-leaf-1.hex", "directory-empty-1.hex", "directory-inner-1.hex",
          "content-leaf-1.hex", "content-inner-1.hex"}) {
        CAPTURE(name);
        CHECK_NOTHROW(check_and_walk(from_hex(golden(name))));
    }
    const auto node =
        std::make_shared<const Buffer>(Buffer::copy_of(from_hex(golden("directory-leaf-1.hex"))));
    const auto leaf =
        std::make_shared<const Leaf>(NodeId{}, node, *root_of(*node).body_as_DirectoryLeaf());
    const Entries expected = example_entries();
    REQUIRE(leaf->count() == expected.size());
    std::uint32_t place = 0;
    for (const auto& [name, entry] : expected) check_equal(leaf->entry(place++).copy(), entry);
}

TEST_CASE("a directory of 20,000 entries keeps its id") {
    GoldenFixture fixture;
    Entries many;
    for (std::uint32_t i = 0; i < 20'000; ++i) many.emplace(small_file(i).name, small_file(i));
    CHECK(fixture.build(many).top.hex() == golden("directory-20000-1.id"));
}
