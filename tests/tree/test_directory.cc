// SPDX-License-Identifier: Apache-2.0
#include <yore/tree/directory.h>

#include <algorithm>

#include <catch2/catch.hpp>

#include "tree/cursor.h"
#include "tree_fixture.h"

using namespace yore;
using namespace yore::test;
using namespace yore::tree;

TEST_CASE("an empty directory has a node and no entries") {
    TreeFixture fixture;
    const auto built = fixture.build(Entries{});
    const Directory directory(fixture.cache, built.top);
    CHECK(directory.entry_count() == 0);
    CHECK((directory.totals() == Totals{}));
    CHECK_FALSE(directory.find("x").has_value());
    CHECK(fixture.read(built.top).empty());
    CHECK(DirectoryCursor(fixture.cache, built.top).current() == nullptr);
}

TEST_CASE("entries of every kind are read as they were added") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    for (std::size_t count : {1u, 2u, 10u, 127u, 128u, 129u, 700u, 5000u}) {
        CAPTURE(count);
        const Entries entries = random_entries(random, count);
        const auto built = fixture.build(entries);
        check_equal(fixture.read(built.top), entries);
        const Directory directory(fixture.cache, built.top);
        CHECK(directory.entry_count() == count);
        CHECK((directory.totals() == sum_of(entries)));
        CHECK((built.totals == sum_of(entries)));
    }
}

TEST_CASE("every name is found, and no other") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    for (std::size_t count : {1u, 50u, 3000u}) {
        const Entries entries = random_entries(random, count);
        const Directory directory(fixture.cache, fixture.build(entries).top);
        for (const auto& [name, entry] : entries) {
            const std::optional<EntryView> found = directory.find(name);
            REQUIRE(found.has_value());
            REQUIRE(found->name() == name);
            const EntryView again = entry_at(fixture.cache, found->leaf(), found->place());
            REQUIRE((again.attributes() == entry.attributes));
        }
        for (int i = 0; i < 1000; ++i) {
            const std::string name = random_name(random);
            REQUIRE(directory.find(name).has_value() == entries.contains(name));
        }
        CHECK_FALSE(directory.find("").has_value());
        CHECK_FALSE(directory.find(entries.begin()->first + std::string(1, '\0')).has_value());
        CHECK_FALSE(directory.find(entries.rbegin()->first + "x").has_value());
    }
}

TEST_CASE("a scan starts after any name and stops when told") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    const Entries entries = random_entries(random, 4000);
    const Directory directory(fixture.cache, fixture.build(entries).top);
    for (int i = 0; i < 300; ++i) {
        auto from = std::next(entries.begin(), static_cast<std::ptrdiff_t>(random.below(4000)));
        const std::string after = random.below(2) == 0 ? from->first : random_name(random);
        auto expected = entries.upper_bound(after);
        std::uint64_t left = random.below(600);
        directory.scan(after, [&](const EntryView& entry) {
            REQUIRE(expected != entries.end());
            REQUIRE(entry.name() == expected->first);
            ++expected;
            return left-- > 0;
        });
        REQUIRE((expected == entries.end() || left == UINT64_MAX));
    }
}

TEST_CASE("a scan starts at any place") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    for (const std::size_t count : {0u, 1u, 4000u, 200'000u}) {
        Entries entries;
        for (std::uint32_t i = 0; i < count; ++i)
            entries.emplace(small_file(i).name, small_file(i));
        const Directory directory(fixture.cache, fixture.build(entries).top);
        std::vector<std::string> names;
        for (const auto& [name, entry] : entries) names.push_back(name);
        for (int i = 0; i < 100; ++i) {
            std::uint64_t place = random.below(count + 3);
            std::uint64_t left = random.below(600);
            directory.scan_from(place, [&](const EntryView& entry) {
                REQUIRE(place < names.size());
                REQUIRE(entry.name() == names[place++]);
                return left-- > 0;
            });
            REQUIRE((place >= names.size() || left == UINT64_MAX));
        }
    }
}

TEST_CASE("a copy of an entry stays valid when the cursor has moved on") {
    TreeFixture fixture;
    Entries entries;
    for (std::uint32_t i = 0; i < 3000; ++i) entries.emplace(small_file(i).name, small_file(i));
    DirectoryCursor cursor(fixture.cache, fixture.build(entries).top);
    std::vector<EntryView> views;
    for (; cursor.current(); cursor.advance()) views.push_back(*cursor.current());
    REQUIRE(views.size() == entries.size());
    auto expected = entries.begin();
    for (const EntryView& view : views) REQUIRE(view.name() == (expected++)->first);
}

TEST_CASE("the same entries give the same nodes, however they were added") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    for (std::size_t count : {0u, 3u, 600u, 6000u}) {
        const Entries entries = random_entries(random, count);
        const NodeId top = fixture.build(entries).top;
        TreeFixture other;
        CHECK(other.build(entries).top == top);
        DirectoryBuilder builder(fixture.writer, fixture.bounds);
        const Directory directory(fixture.cache, top);
        for (const auto& [name, entry] : entries) {
            if (random.below(2) == 0) {
                builder.add(entry);
            } else {
                builder.add(*directory.find(name));
            }
        }
        CHECK(builder.finish().top == top);
    }
}

TEST_CASE("another key gives other bounds") {
    TreeFixture fixture;
    const NodeBounds other(crypto::SecretKey{});
    int same = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::string name = std::to_string(i);
        same += fixture.bounds.hash(0, name) == other.hash(0, name) ? 1 : 0;
        same += fixture.bounds.hash(0, name) == fixture.bounds.hash(1, name) ? 1 : 0;
    }
    CHECK(same == 0);
}

namespace {

/// Writes a directory of small files and returns the ids of all its nodes.
std::set<NodeId> nodes_of(TreeFixture& fixture, const std::vector<Entry>& entries) {
    fixture.writer.forget();
    DirectoryBuilder builder(fixture.writer, fixture.bounds);
    for (const Entry& entry : entries) builder.add(entry);
    builder.finish();
    std::set<NodeId> nodes;
    for (const auto& [id, plain] : fixture.writer.nodes()) nodes.insert(id);
    return nodes;
}

}  // namespace

TEST_CASE("one change among 200,000 names rewrites a few nodes") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    TreeFixture fixture;
    std::vector<Entry> entries;
    for (std::uint32_t i = 0; i < 200'000; ++i) entries.push_back(small_file(2 * i));
    const std::set<NodeId> before = nodes_of(fixture, entries);
    CHECK(before.size() > 200'000 / 700);
    CHECK(before.size() < 200'000 / 350);
    std::size_t written = 0;
    constexpr std::size_t rounds = 6;
    for (std::size_t round = 0; round < rounds; ++round) {
        std::vector<Entry> changed = entries;
        const auto at = static_cast<std::ptrdiff_t>(random.below(changed.size() - 1));
        switch (round % 3) {
            case 0:
                changed.erase(changed.begin() + at);
                break;
            case 1:
                changed.insert(changed.begin() + at + 1,
                               small_file(2 * static_cast<std::uint32_t>(at) + 1));
                break;
            default:
                changed[static_cast<std::size_t>(at)].attributes.permissions = 0600;
        }
        const std::set<NodeId> after = nodes_of(fixture, changed);
        std::size_t added = 0;
        for (const NodeId& id : after) added += before.contains(id) ? 0 : 1;
        CAPTURE(round, at);
        CHECK(added >= 1);
        CHECK(added <= 12);
        written += added;
    }
    // Three levels; where a bound is moved, a neighbour too.
    CHECK(written <= 6 * rounds);
}

TEST_CASE("large entries make small nodes") {
    TreeFixture fixture;
    Entries entries;
    SeededRandom random(1);
    for (int i = 0; i < 500; ++i) {
        Entry entry = small_file(static_cast<std::uint32_t>(i));
        for (int x = 0; x < 5; ++x) {
            entry.xattrs.push_back(
                {"user." + std::to_string(x), random_bytes(random, 4096), {}, 4096});
        }
        entries.emplace(entry.name, entry);
    }
    check_equal(fixture.read(fixture.build(entries).top), entries);
    for (const auto& [id, plain] : fixture.writer.nodes()) CHECK(plain.size() < (2u << 20));
    CHECK(fixture.writer.nodes().size() >= 10);
}

TEST_CASE("totals that do not fit stay at the largest value") {
    TreeFixture fixture;
    Entries entries;
    for (std::uint32_t i = 0; i < 3; ++i) {
        Entry entry = small_file(i);
        entry.attributes.size = entry.content.size = INT64_MAX;
        entry.content.extents = {{INT64_MAX, std::nullopt, 0}};
        entries.emplace(entry.name, entry);
    }
    const auto built = fixture.build(entries);
    CHECK(built.totals.bytes == UINT64_MAX);
    CHECK(Directory(fixture.cache, built.top).totals().bytes == UINT64_MAX);
}

TEST_CASE("what no file system gives is refused") {
    TreeFixture fixture;
    DirectoryBuilder builder(fixture.writer, fixture.bounds);
    for (const std::string& name :
         {std::string(), std::string("."), std::string(".."), std::string("a/b"),
          std::string("a\0b", 3), std::string(256, 'a')}) {
        Entry entry = small_file(1);
        entry.name = name;
        CHECK(error_of([&] { builder.add(entry); }).code() == Errc::invalid);
    }
    Entry link;
    link.name = "link";
    link.attributes.kind = FileKind::symlink;
    CHECK(error_of([&] { builder.add(link); }).code() == Errc::invalid);
    link.target = std::string(4096, 'x');
    link.attributes.size = 4096;
    CHECK(error_of([&] { builder.add(link); }).code() == Errc::invalid);
}

TEST_CASE("a node of another kind is corrupt and named") {
    TreeFixture fixture;
    std::vector<Extent> extents;
    for (std::uint32_t i = 0; i < 100; ++i) extents.push_back({1, ChunkId{}, 2 * i});
    const Content content = fixture.build(extents);
    REQUIRE(content.list.has_value());
    const Error error = error_of([&] { Directory(fixture.cache, *content.list).entry_count(); });
    CHECK(error.code() == Errc::corrupt);
    CHECK(std::string(error.what()).find(content.list->short_hex()) != std::string::npos);
    const NodeId directory = fixture.build(Entries{}).top;
    CHECK(error_of([&] { entry_at(fixture.cache, directory, 0); }).code() == Errc::corrupt);
    ContentReader reader(fixture.cache, {100, {}, directory});
    CHECK(error_of([&] { reader.find(0); }).code() == Errc::corrupt);
}
