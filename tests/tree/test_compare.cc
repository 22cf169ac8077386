// SPDX-License-Identifier: Apache-2.0
#include <yore/tree/compare.h>

#include <catch2/catch.hpp>

#include "tree_fixture.h"

using namespace yore;
using namespace yore::test;
using namespace yore::tree;

namespace {

/// A whole tree by path; directories are entries whose children start with `path/`.
using Paths = std::map<std::string, Entry>;

DirectoryBuilder::Built build_tree(TreeFixture& fixture, const Paths& paths,
                                   const std::string& prefix) {
    Entries entries;
    for (auto at = paths.lower_bound(prefix); at != paths.end(); ++at) {
        if (!at->first.starts_with(prefix)) break;
        const std::string name = at->first.substr(prefix.size());
        if (name.find('/') != std::string::npos) continue;
        Entry entry = at->second;
        entry.name = name;
        if (entry.attributes.kind == FileKind::directory) {
            const auto below = build_tree(fixture, paths, at->first + "/");
            entry.child = below.top;
            entry.totals = below.totals;
        }
        entries.emplace(name, entry);
    }
    return fixture.build(entries);
}

struct Change {
    std::string path;
    Difference::Kind kind;
    bool content, attributes;
    bool operator==(const Change&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Change& change) {
    return out << change.path << ' ' << static_cast<int>(change.kind) << change.content
               << change.attributes;
}
/// By comparing the maps.
std::vector<Change> expected_changes(const Paths& before, const Paths& after) {
    std::map<std::string, Change> changes;
    for (const auto& [path, entry] : before) {
        if (!after.contains(path)) {
            changes[path] = {path, Difference::Kind::removed, false, false};
        }
    }
    for (const auto& [path, entry] : after) {
        const auto old = before.find(path);
        if (old == before.end()) {
            changes[path] = {path, Difference::Kind::added, false, false};
            continue;
        }
        const Attributes &a = old->second.attributes, &b = entry.attributes;
        const bool content = a.kind != b.kind || !same(old->second.content, entry.content);
        const bool attributes = a.permissions != b.permissions || a.modified != b.modified;
        if (content || attributes) {
            changes[path] = {path, Difference::Kind::changed, content, attributes};
        }
    }
    std::vector<Change> list;
    for (auto& [path, change] : changes) list.push_back(change);
    return list;
}
std::vector<Change> found_changes(const TreeFixture& fixture, const NodeId& before,
                                  const NodeId& after) {
    std::vector<Change> list;
    compare(fixture.cache, before, after, [&](const Difference& difference) {
        CHECK(difference.before.has_value() == (difference.kind != Difference::Kind::added));
        CHECK(difference.after.has_value() == (difference.kind != Difference::Kind::removed));
        list.push_back(
            {difference.path, difference.kind, difference.content, difference.attributes});
        return true;
    });
    return list;
}
void sort_by_path(std::vector<Change>& changes) {
    std::sort(changes.begin(), changes.end(),
              [](const Change& a, const Change& b) { return a.path < b.path; });
}

Entry plain_file(SeededRandom& random) {
    Entry entry = small_file(static_cast<std::uint32_t>(random.below(1000)));
    entry.attributes.permissions = static_cast<std::uint32_t>(0600 + random.below(64));
    return entry;
}
Entry plain_directory() {
    Entry entry;
    entry.attributes.kind = FileKind::directory;
    entry.attributes.permissions = 0755;
    return entry;
}
Paths random_tree(SeededRandom& random, std::size_t count) {
    Paths paths;
    std::vector<std::string> directories{""};
    for (std::size_t i = 0; i < count; ++i) {
        const std::string& parent = directories[random.below(directories.size())];
        const std::string path = parent + std::to_string(random.below(2000));
        if (paths.contains(path)) continue;
        if (random.below(10) == 0) {
            paths.emplace(path, plain_directory());
            directories.push_back(path + "/");
        } else {
            paths.emplace(path, plain_file(random));
        }
    }
    return paths;
}
void remove_tree(Paths& paths, const std::string& path) {
    paths.erase(path);
    const std::string prefix = path + "/";
    auto at = paths.lower_bound(prefix);
    while (at != paths.end() && at->first.starts_with(prefix)) at = paths.erase(at);
}
void change_one(SeededRandom& random, Paths& paths) {
    if (paths.empty()) return;
    auto at = std::next(paths.begin(), static_cast<std::ptrdiff_t>(random.below(paths.size())));
    const std::string path = at->first;
    switch (random.below(5)) {
        case 0:
            return remove_tree(paths, path);
        case 1:
            at->second.attributes.permissions ^= 1;
            return;
        case 2:
            at->second.attributes.modified.ns += 1;
            return;
        case 3: {
            const bool directory = at->second.attributes.kind == FileKind::directory;
            remove_tree(paths, path);
            paths.emplace(path, directory ? plain_file(random) : plain_directory());
            return;
        }
        default: {
            const std::string parent = path.substr(0, path.rfind('/') + 1);
            paths.emplace(parent + std::to_string(random.below(9999)), plain_file(random));
        }
    }
}

}  // namespace

TEST_CASE("differences are those of the maps") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    for (int round = 0; round < 40; ++round) {
        TreeFixture fixture;
        const Paths before = random_tree(random, round % 4 == 0 ? 3000 : random.below(60));
        Paths after = before;
        for (std::uint64_t i = random.below(30); i > 0; --i) change_one(random, after);
        const NodeId a = build_tree(fixture, before, "").top;
        const NodeId b = build_tree(fixture, after, "").top;
        std::vector<Change> found = found_changes(fixture, a, b);
        sort_by_path(found);
        REQUIRE(found == expected_changes(before, after));
        std::vector<Change> reverse = found_changes(fixture, b, a);
        sort_by_path(reverse);
        REQUIRE(reverse == expected_changes(after, before));
    }
}

TEST_CASE("B-trees of different heights are compared") {
    TreeFixture fixture;
    Entries few, many;
    for (std::uint32_t i = 0; i < 30'000; ++i) {
        const Entry entry = small_file(i);
        if (i % 100 == 0) few.emplace(entry.name, entry);
        many.emplace(entry.name, entry);
    }
    const NodeId a = fixture.build(few).top, b = fixture.build(many).top;
    const std::vector<Change> found = found_changes(fixture, a, b);
    CHECK(found.size() == 29'700);
    CHECK(std::all_of(found.begin(), found.end(),
                      [](const Change& change) { return change.kind == Difference::Kind::added; }));
}

TEST_CASE("the cost follows the change") {
    TreeFixture fixture;
    Entries entries;
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        const Entry entry = small_file(2 * i);
        entries.emplace(entry.name, entry);
    }
    const NodeId before = fixture.build(entries).top;
    entries.emplace(small_file(77'777).name, small_file(77'777));
    const NodeId after = fixture.build(entries).top;
    const store::ObjectCache cold(*fixture.store, 64u << 20);
    std::vector<std::string> paths;
    compare(cold, before, after, [&](const Difference& difference) {
        paths.push_back(difference.path);
        return true;
    });
    CHECK(paths == std::vector<std::string>{small_file(77'777).name});
    CHECK(cold.stats().misses <= 20);  // of about 200 leaves on each side
}

TEST_CASE("differences come in path order, and stop when told") {
    TreeFixture fixture;
    Paths before, after;
    SeededRandom random(1);
    after.emplace("a", plain_directory());
    after.emplace("a/x", plain_directory());
    after.emplace("a/x/1", plain_file(random));
    after.emplace("a/y", plain_file(random));
    after.emplace("b", plain_file(random));
    const NodeId a = build_tree(fixture, before, "").top, b = build_tree(fixture, after, "").top;
    std::vector<std::string> paths;
    for (const Change& change : found_changes(fixture, a, b)) paths.push_back(change.path);
    CHECK(paths == std::vector<std::string>{"a", "a/x", "a/x/1", "a/y", "b"});
    paths.clear();
    compare(fixture.cache, a, b, [&](const Difference& difference) {
        paths.push_back(difference.path);
        return paths.size() < 3;
    });
    CHECK(paths == std::vector<std::string>{"a", "a/x", "a/x/1"});
    compare(fixture.cache, b, b,
            [&](const Difference&) -> bool { throw std::logic_error("equal"); });
}

TEST_CASE("what changed is said") {
    TreeFixture fixture;
    Entries before, after;
    const auto add = [&](std::uint32_t number, auto&& change) {
        Entry entry = small_file(number);
        before.emplace(entry.name, entry);
        change(entry);
        after.emplace(entry.name, entry);
    };
    add(1, [](Entry& entry) { entry.attributes.uid = 7; });
    add(2, [](Entry& entry) { entry.xattrs.push_back({"user.a", {}, {}, 0}); });
    add(3, [](Entry& entry) { entry.content.extents[0].offset += 1; });
    add(4, [](Entry& entry) { entry.attributes.inode += 1; });
    add(5, [](Entry& entry) { entry.attributes.changed.ns += 1; });
    add(6, [](Entry& entry) {
        entry.attributes.kind = FileKind::fifo;
        entry.attributes.size = 0;
        entry.content = {};
    });
    const auto found = found_changes(fixture, fixture.build(before).top, fixture.build(after).top);
    const auto changed = Difference::Kind::changed;
    CHECK(found == std::vector<Change>{{small_file(1).name, changed, false, true},
                                       {small_file(2).name, changed, false, true},
                                       {small_file(3).name, changed, true, false},
                                       {small_file(6).name, changed, true, false}});
}

TEST_CASE("directories as deep as no stack are compared") {
    TreeFixture fixture;
    NodeId before = fixture.build(Entries{}).top;
    NodeId after = fixture
                       .build(Entries{{"leaf",
                                       [] {
                                           Entry entry = small_file(1);
                                           entry.name = "leaf";
                                           return entry;
                                       }()}})
                       .top;
    for (int depth = 0; depth < 3000; ++depth) {
        for (NodeId* top : {&before, &after}) {
            Entry entry = plain_directory();
            entry.name = "d";
            entry.child = *top;
            DirectoryBuilder builder(fixture.writer, fixture.bounds);
            builder.add(entry);
            *top = builder.finish().top;
        }
    }
    fixture.writer.commit({});
    std::size_t count = 0;
    compare(fixture.cache, before, after, [&](const Difference& difference) {
        ++count;
        return difference.path.ends_with("/leaf");
    });
    CHECK(count == 1);
}

TEST_CASE("directories that lie below themselves are damage, not an endless walk") {
    TreeFixture fixture;
    const NodeId one = fixture.build_loop(1), other = fixture.build_loop(2);
    const auto code = code_thrown_by(
        [&] { compare(fixture.cache, one, other, [](const Difference&) { return true; }); });
    CHECK(code == Errc::corrupt);
}
