// SPDX-License-Identifier: Apache-2.0
// Damaged and hostile nodes: each rule of the format has a node that breaks it and nothing else.
#include <functional>

#include <catch2/catch.hpp>

#include "tree/leaf_columns.h"
#include "tree_fixture.h"
#include "walk_node.h"

using namespace yore;
using namespace yore::test;
using namespace yore::tree;

namespace {

std::string problem_of(ByteView plain) {
    try {
        check_and_walk(plain);
    } catch (const Error& error) {
        CHECK(error.code() == Errc::corrupt);
        const std::string text = error.what();
        return text.substr(text.find(": ") + 2);
    }
    return "";
}

template <typename Body>
Bytes finished(flatbuffers::FlatBufferBuilder& builder, flatbuffers::Offset<Body> body) {
    builder.Finish(fb::CreateNode(builder, fb::BodyTraits<Body>::enum_value, body.Union()),
                   fb::NodeIdentifier());
    return to_bytes(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
}

struct RawXattr {
    std::string name;
    std::string value;
    bool chunk = false;
    std::uint32_t size = 0;
};

/// A leaf with a directory, a file in two extents, a file with a list and a symlink.
struct RawLeaf {
    std::uint32_t entry_count = 4, extent_count = 2;
    LeafRows rows{.name_ends = {1, 2, 3, 4},
                  .attribute_set = {0, 1, 1, 2},
                  .size = {0, 30, 1000, 2},
                  .inode = {1, 2, 3, 4},
                  .modified_seconds = {9, 9, 9, 9},
                  .modified_nanoseconds = {0, 0, 0, 0},
                  .changed_seconds = {9, 9, 9, 9},
                  .changed_nanoseconds = {0, 0, 0, 0},
                  .target_ends = {0, 0, 0, 2},
                  .extent_ends = {0, 2, 2, 2},
                  .link = {1, 0, 1, 0},
                  .extent_length = {10, 20},
                  .extent_offset = {0, 5},
                  .extent_chunk = {0, 1},
                  .hole_bytes = {0, 0, 400, 0}};
    std::string names = "abcd", targets = "xy";
    std::vector<fb::AttributeSet> sets{
        {0, 0, 0, 2, 0, 0755, 0, 2}, {0, 0, 0, 1, 1, 0644, 0, 1}, {0, 0, 0, 1, 0, 0777, 0, 3}};
    std::vector<std::vector<RawXattr>> xattr_sets{{{"user.a", "1"}, {"user.b", "", true, 5000}}};
    std::size_t chunks = 1, subdirectories = 1, lists = 1;
    std::vector<std::uint8_t> more_values;

    Bytes bytes() {
        flatbuffers::FlatBufferBuilder builder;
        std::vector<std::uint8_t> values;
        std::vector<fb::Column> columns;
        for (const LeafRows::Rows* column : rows.in_order()) {
            columns.push_back(encode_column(*column, values));
        }
        values.insert(values.end(), more_values.begin(), more_values.end());
        const auto text = [&](const std::string& bytes) {
            return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                        bytes.size());
        };
        const fb::Id id;
        std::vector<flatbuffers::Offset<fb::XattrSet>> stored_sets;
        for (const auto& set : xattr_sets) {
            std::vector<flatbuffers::Offset<fb::Xattr>> xattrs;
            for (const RawXattr& xattr : set) {
                const auto name = text(xattr.name), value = text(xattr.value);
                xattrs.push_back(
                    fb::CreateXattr(builder, name, value, xattr.chunk ? &id : nullptr, xattr.size));
            }
            stored_sets.push_back(fb::CreateXattrSet(builder, builder.CreateVector(xattrs)));
        }
        const std::vector<fb::Id> chunk_ids(chunks), list_ids(lists);
        const std::vector<fb::Subdirectory> below(subdirectories);
        const auto values_at = builder.CreateVector(values);
        const auto names_at = text(names), targets_at = text(targets);
        const auto sets_at = builder.CreateVectorOfStructs(sets);
        const auto xattrs_at = builder.CreateVector(stored_sets);
        const auto chunks_at = builder.CreateVectorOfStructs(chunk_ids);
        const auto below_at = builder.CreateVectorOfStructs(below);
        const auto lists_at = builder.CreateVectorOfStructs(list_ids);
        const auto c = [&](std::size_t i) { return &columns[i]; };
        return finished(
            builder, fb::CreateDirectoryLeaf(builder, entry_count, extent_count, c(0), c(1), c(2),
                                             c(3), c(4), c(5), c(6), c(7), c(8), c(9), c(10), c(11),
                                             c(12), c(13), values_at, names_at, targets_at, sets_at,
                                             xattrs_at, chunks_at, below_at, lists_at, c(14)));
    }
};

struct LeafCase {
    const char* problem;
    std::function<void(RawLeaf&)> break_it;
};

const std::vector<LeafCase> leaf_cases{
    {"", [](RawLeaf&) {}},
    {"a name is empty or too long",
     [](RawLeaf& leaf) {
         leaf.rows.name_ends = {1, 1, 3, 4};
     }},
    {"a name is out of bounds",
     [](RawLeaf& leaf) {
         leaf.rows.name_ends = {1, 2, 3, 5};
     }},
    {"a name is out of bounds",
     [](RawLeaf& leaf) {
         leaf.rows.name_ends = {2, 1, 3, 4};
     }},
    {"a name is out of bounds",
     [](RawLeaf& leaf) {
         leaf.rows.name_ends = {1, 2, 1ull << 63, 4};
     }},
    {"more holes than bytes",
     [](RawLeaf& leaf) {
         leaf.rows.hole_bytes = {0, 0, 1001, 0};
     }},
    {"more holes than bytes",
     [](RawLeaf& leaf) {
         leaf.rows.hole_bytes = {0, 10, 400, 0};
     }},
    {"more holes than bytes",
     [](RawLeaf& leaf) {
         leaf.rows.hole_bytes = {1, 0, 400, 0};
     }},
    {"bytes behind the last name", [](RawLeaf& leaf) { leaf.names = "abcde"; }},
    {"names are not sorted", [](RawLeaf& leaf) { leaf.names = "acbd"; }},
    {"names are not sorted", [](RawLeaf& leaf) { leaf.names = "abbd"; }},
    {"a name is . or ..", [](RawLeaf& leaf) { leaf.names = ".bcd"; }},
    {"a name is . or ..",
     [](RawLeaf& leaf) {
         leaf.names = "..bcd";
         leaf.rows.name_ends = {2, 3, 4, 5};
     }},
    {"a name holds / or NUL", [](RawLeaf& leaf) { leaf.names = "/bcd"; }},
    {"a name holds / or NUL", [](RawLeaf& leaf) { leaf.names[0] = '\0'; }},
    {"a name is empty or too long",
     [](RawLeaf& leaf) {
         leaf.names += std::string(256, 'x');
         leaf.rows.name_ends[3] = 260;
     }},
    {"too many entries", [](RawLeaf& leaf) { leaf.entry_count = 2049; }},
    {"too many entries", [](RawLeaf& leaf) { leaf.extent_count = 2048 * 16 + 1; }},
    {"the columns do not fit their values", [](RawLeaf& leaf) { leaf.more_values = {0}; }},
    {"the columns do not fit their values", [](RawLeaf& leaf) { leaf.entry_count = 5; }},
    {"an attribute set is out of bounds or out of order",
     [](RawLeaf& leaf) {
         leaf.rows.attribute_set = {1, 0, 1, 2};
     }},
    {"an attribute set is out of bounds or out of order",
     [](RawLeaf& leaf) {
         leaf.rows.attribute_set = {0, 1, 1, 3};
     }},
    {"an unused attribute set", [](RawLeaf& leaf) { leaf.sets.push_back(leaf.sets[0]); }},
    {"an unknown kind of file", [](RawLeaf& leaf) { leaf.sets[0] = {0, 0, 0, 0, 0, 0, 0, 0}; }},
    {"an unknown kind of file", [](RawLeaf& leaf) { leaf.sets[0] = {0, 0, 0, 0, 0, 0, 0, 8}; }},
    {"permissions out of range",
     [](RawLeaf& leaf) { leaf.sets[0] = {0, 0, 0, 0, 0, 010000, 0, 2}; }},
    {"a device number without a device",
     [](RawLeaf& leaf) { leaf.sets[0] = {1, 0, 0, 0, 0, 0755, 0, 2}; }},
    {"an xattr set is out of bounds or out of order",
     [](RawLeaf& leaf) { leaf.sets[0] = {0, 0, 0, 0, 2, 0755, 0, 2}; }},
    {"an unused xattr set", [](RawLeaf& leaf) { leaf.xattr_sets.push_back(leaf.xattr_sets[0]); }},
    {"an empty xattr set", [](RawLeaf& leaf) { leaf.xattr_sets[0].clear(); }},
    {"xattrs are not sorted", [](RawLeaf& leaf) { leaf.xattr_sets[0][0].name = "user.b"; }},
    {"an illegal xattr name", [](RawLeaf& leaf) { leaf.xattr_sets[0][0].name = ""; }},
    {"an illegal xattr name",
     [](RawLeaf& leaf) { leaf.xattr_sets[0][0].name = std::string("a\0b", 3); }},
    {"the size of an xattr is out of range",
     [](RawLeaf& leaf) { leaf.xattr_sets[0][0].value = std::string(4097, 'x'); }},
    {"the size of an xattr is out of range",
     [](RawLeaf& leaf) { leaf.xattr_sets[0][1].value = "both"; }},
    {"the size of an xattr is out of range",
     [](RawLeaf& leaf) { leaf.xattr_sets[0][1].size = 4096; }},
    {"the size of an xattr is out of range",
     [](RawLeaf& leaf) { leaf.xattr_sets[0][1].size = UINT32_MAX; }},
    {"a time is out of range",
     [](RawLeaf& leaf) { leaf.rows.modified_nanoseconds[2] = 1'000'000'000; }},
    {"a time is out of range", [](RawLeaf& leaf) { leaf.rows.changed_seconds[2] = 1ull << 62; }},
    {"a target is out of bounds",
     [](RawLeaf& leaf) {
         leaf.rows.target_ends = {0, 0, 0, 3};
     }},
    {"a target is out of bounds",
     [](RawLeaf& leaf) {
         leaf.rows.attribute_set[2] = 2;
         leaf.rows.size[2] = 2;
         leaf.rows.link[2] = 0;
         leaf.rows.hole_bytes[2] = 0;
         leaf.lists = 0;
         leaf.rows.target_ends = {0, 0, 2, 1};
     }},
    {"a target without a symlink",
     [](RawLeaf& leaf) {
         leaf.rows.target_ends = {0, 1, 1, 2};
     }},
    {"bytes behind the last target", [](RawLeaf& leaf) { leaf.targets = "xyz"; }},
    {"a target holds NUL", [](RawLeaf& leaf) { leaf.targets[1] = '\0'; }},
    {"the size of a symlink is out of range", [](RawLeaf& leaf) { leaf.rows.size[3] = 3; }},
    {"the size of a symlink is out of range",
     [](RawLeaf& leaf) {
         leaf.rows.target_ends[3] = 0;
         leaf.targets = "";
         leaf.rows.size[3] = 0;
     }},
    {"a symlink with a node", [](RawLeaf& leaf) { leaf.rows.link[3] = 1; }},
    {"an extent is out of bounds",
     [](RawLeaf& leaf) {
         leaf.rows.extent_ends = {0, 3, 3, 3};
     }},
    {"an extent is out of bounds",
     [](RawLeaf& leaf) {
         leaf.rows.extent_ends = {0, 2, 1, 2};
     }},
    {"extents without a file",
     [](RawLeaf& leaf) {
         leaf.rows.extent_ends = {1, 2, 2, 2};
     }},
    {"an unused extent",
     [](RawLeaf& leaf) {
         leaf.extent_count = 3;
         for (auto* rows :
              {&leaf.rows.extent_length, &leaf.rows.extent_offset, &leaf.rows.extent_chunk}) {
             rows->push_back(0);
         }
     }},
    {"a file with a list and extents",
     [](RawLeaf& leaf) {
         leaf.rows.extent_ends = {0, 1, 2, 2}, leaf.rows.size[1] = 10;
     }},
    {"extents do not sum to the size", [](RawLeaf& leaf) { leaf.rows.size[1] = 31; }},
    {"extents do not sum to the size", [](RawLeaf& leaf) { leaf.rows.size[1] = 29; }},
    {"extents do not sum to the size",
     [](RawLeaf& leaf) {
         leaf.rows.extent_length = {30, 0};
     }},
    {"extents do not sum to the size",
     [](RawLeaf& leaf) {
         leaf.rows.extent_length = {UINT64_MAX, 31};
     }},
    {"a size is out of range", [](RawLeaf& leaf) { leaf.rows.size[2] = 1ull << 63; }},
    {"a hole with an offset",
     [](RawLeaf& leaf) {
         leaf.rows.extent_offset = {1, 5};
     }},
    {"an extent is larger than a chunk",
     [](RawLeaf& leaf) {
         leaf.rows.extent_offset = {0, (4u << 20) - 19};
     }},
    {"an extent is larger than a chunk",
     [](RawLeaf& leaf) {
         leaf.rows.extent_offset = {0, UINT64_MAX};
     }},
    {"a chunk is out of bounds or out of order",
     [](RawLeaf& leaf) {
         leaf.rows.extent_chunk = {0, 2};
     }},
    {"an unused chunk", [](RawLeaf& leaf) { leaf.chunks = 2; }},
    {"a list is out of bounds or out of order", [](RawLeaf& leaf) { leaf.rows.link[2] = 2; }},
    {"an unused list", [](RawLeaf& leaf) { leaf.lists = 2; }},
    {"a subdirectory is out of bounds or out of order",
     [](RawLeaf& leaf) { leaf.rows.link[0] = 2; }},
    {"a subdirectory is out of bounds or out of order",
     [](RawLeaf& leaf) { leaf.subdirectories = 0; }},
    {"an unused subdirectory", [](RawLeaf& leaf) { leaf.subdirectories = 2; }},
    {"a directory with a size", [](RawLeaf& leaf) { leaf.rows.size[0] = 4096; }},
    {"a special file with content",
     [](RawLeaf& leaf) {
         leaf.sets[2] = {0, 0, 0, 1, 0, 0777, 0, 6};
         leaf.rows.target_ends[3] = 0;
         leaf.targets = "";
     }},
    {"too many extents in a leaf",
     [](RawLeaf& leaf) {
         leaf.extent_count = 17;
         leaf.rows.extent_length.assign(17, 1);
         leaf.rows.extent_offset.assign(17, 0);
         leaf.rows.extent_chunk.assign(17, 1);
         leaf.rows.extent_ends = {0, 17, 17, 17};
         leaf.rows.size[1] = 17;
     }},
};

}  // namespace

TEST_CASE("each rule of a directory leaf is checked") {
    for (const LeafCase& rule : leaf_cases) {
        RawLeaf leaf;
        rule.break_it(leaf);
        CHECK(problem_of(leaf.bytes()) == rule.problem);
    }
}

namespace {

struct RawInner {
    unsigned level = 1;
    std::vector<std::uint64_t> name_ends{1, 2};
    std::string names = "ab";
    std::vector<fb::DirectoryChild> children{{fb::Id(), 5, fb::Totals()},
                                             {fb::Id(), 6, fb::Totals()}};
    Bytes bytes() const {
        flatbuffers::FlatBufferBuilder builder;
        std::vector<std::uint8_t> values;
        const fb::Column ends = encode_column(name_ends, values);
        const auto values_at = builder.CreateVector(values);
        const auto names_at =
            builder.CreateVector(reinterpret_cast<const std::uint8_t*>(names.data()), names.size());
        const auto children_at = builder.CreateVectorOfStructs(children);
        return finished(builder, fb::CreateDirectoryInner(builder, static_cast<std::uint8_t>(level),
                                                          &ends, values_at, names_at, children_at));
    }
};

struct RawList {
    std::uint32_t count = 3;
    std::vector<std::uint64_t> ends{10, 20, 35}, offsets{0, 0, 7}, numbers{1, 0, 2};
    std::size_t chunks = 2;
    Bytes bytes() const {
        flatbuffers::FlatBufferBuilder builder;
        std::vector<std::uint8_t> values;
        const fb::Column columns[] = {encode_column(ends, values), encode_column(offsets, values),
                                      encode_column(numbers, values)};
        const std::vector<fb::Id> ids(chunks);
        const auto values_at = builder.CreateVector(values);
        const auto ids_at = builder.CreateVectorOfStructs(ids);
        return finished(builder, fb::CreateContentLeaf(builder, count, &columns[0], &columns[1],
                                                       &columns[2], values_at, ids_at));
    }
};

Bytes list_inner(unsigned level, const std::vector<fb::ContentChild>& children) {
    flatbuffers::FlatBufferBuilder builder;
    const auto at = builder.CreateVectorOfStructs(children);
    return finished(builder, fb::CreateContentInner(builder, static_cast<std::uint8_t>(level), at));
}

template <typename Raw, typename Break>
std::string broken(Break&& break_it) {
    Raw raw;
    break_it(raw);
    return problem_of(raw.bytes());
}

}  // namespace

TEST_CASE("each rule of an inner directory node is checked") {
    const auto problem = [](auto&& break_it) { return broken<RawInner>(break_it); };
    CHECK(problem([](RawInner&) {}).empty());
    CHECK(problem([](RawInner& raw) { raw.level = 0; }) == "the level is out of range");
    CHECK(problem([](RawInner& raw) { raw.level = 17; }) == "the level is out of range");
    CHECK(problem([](RawInner& raw) { raw.names = "ba"; }) == "names are not sorted");
    CHECK(problem([](RawInner& raw) { raw.names = "abc"; }) == "bytes behind the last name");
    CHECK(problem([](RawInner& raw) { raw.children.clear(); }) == "too few or too many children");
    CHECK(problem([](RawInner& raw) { raw.children.resize(513); }) ==
          "too few or too many children");
    CHECK(problem([](RawInner& raw) {
              raw.children[1] = {fb::Id(), 0, fb::Totals()};
          }) == "an empty child");
    CHECK(problem([](RawInner& raw) {
              raw.children[1] = {fb::Id(), UINT64_MAX, fb::Totals()};
          }) == "too many entries");
    CHECK(problem([](RawInner& raw) { raw.name_ends = {1, 300}; }) == "a name is out of bounds");
    CHECK(problem([](RawInner& raw) {
              raw.name_ends = {1, 2, 900};
          }) == "the columns do not fit their values");
}

TEST_CASE("each rule of a list is checked") {
    const auto problem = [](auto&& break_it) { return broken<RawList>(break_it); };
    CHECK(problem([](RawList&) {}).empty());
    CHECK(problem([](RawList& raw) { raw.count = 0; }) == "too few or too many extents");
    CHECK(problem([](RawList& raw) { raw.count = 2049; }) == "too few or too many extents");
    CHECK(problem([](RawList& raw) { raw.count = 4; }) == "the columns do not fit their values");
    CHECK(problem([](RawList& raw) { raw.ends = {10, 10, 35}; }) == "extents are not in order");
    CHECK(problem([](RawList& raw) {
              raw.ends = {10, 20, 1ull << 63};
          }) == "extents are not in order");
    CHECK(problem([](RawList& raw) { raw.offsets[1] = 1; }) == "a hole with an offset");
    CHECK(problem([](RawList& raw) { raw.offsets[2] = 4u << 20; }) ==
          "an extent is larger than a chunk");
    CHECK(problem([](RawList& raw) { raw.ends[2] = 5u << 20; }) ==
          "an extent is larger than a chunk");
    CHECK(problem([](RawList& raw) {
              raw.numbers = {2, 0, 1};
          }) == "a chunk is out of bounds or out of order");
    CHECK(problem([](RawList& raw) { raw.chunks = 1; }) ==
          "a chunk is out of bounds or out of order");
    CHECK(problem([](RawList& raw) { raw.chunks = 3; }) == "an unused chunk");
    const fb::Id id;
    CHECK(problem_of(list_inner(1, {{id, 10, 0}, {id, 30, 20}})).empty());
    CHECK(problem_of(list_inner(1, {})) == "too few or too many children");
    CHECK(problem_of(list_inner(0, {{id, 10, 0}})) == "the level is out of range");
    CHECK(problem_of(list_inner(1, {{id, 0, 0}})) == "children are not in order");
    CHECK(problem_of(list_inner(1, {{id, 10, 0}, {id, 9, 0}})) == "children are not in order");
    CHECK(problem_of(list_inner(1, {{id, 10, 11}})) == "more holes than bytes");
}

TEST_CASE("bytes that are no node are refused") {
    CHECK(problem_of({}) == "not the size of a tree node");
    CHECK(problem_of(Bytes(7)) == "not the size of a tree node");
    CHECK(problem_of(Bytes(100)) == "not a tree node");
    Bytes plain = RawLeaf().bytes();
    plain[4] = std::byte{'X'};
    CHECK(problem_of(plain) == "not a tree node");
}

TEST_CASE("nodes with any byte changed, or cut short, are refused or read without harm") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    fixture.build(random_entries(random, 25));
    std::vector<Extent> extents;
    for (std::uint32_t i = 0; i < 40; ++i) extents.push_back({5, random_id<ChunkId>(random), i});
    fixture.build(extents);
    std::vector<Bytes> nodes;
    for (const auto& [id, plain] : fixture.writer.nodes()) nodes.push_back(plain);
    nodes.push_back(RawLeaf().bytes());
    nodes.push_back(RawInner().bytes());
    nodes.push_back(list_inner(1, {{fb::Id(), 10, 0}, {fb::Id(), 30, 20}}));
    std::size_t refused = 0, read = 0;
    for (const Bytes& node : nodes) {
        REQUIRE(problem_of(node).empty());
        for (std::size_t at = 0; at < node.size(); ++at) {
            Bytes damaged = node;
            for (unsigned change :
                 {0x01u, 0x80u, 0xffu, static_cast<unsigned>(random.below(255)) + 1}) {
                damaged[at] = node[at] ^ static_cast<std::byte>(change);
                ++(problem_of(damaged).empty() ? read : refused);
            }
            problem_of(ByteView(node).first(at));
        }
    }
    CHECK(refused > read / 10);
}
