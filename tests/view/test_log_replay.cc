// SPDX-License-Identifier: Apache-2.0
#include <yore/format/journal.h>
#include <yore/format/restore_points.h>
#include <yore/tree/compare.h>
#include <yore/view/log_replay.h>
#include <yore/view/versions.h>

#include <set>

#include "../tree/random_changes.h"
#include "view_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

using Kind = format::JournalRecord::Kind;

/// A source that is followed: what is journalled goes to the store, segment by segment.
struct Journalled {
    ViewFixture fixture;
    catalog::Logs logs{*fixture.store};
    catalog::Source home = fixture.add("home");
    format::Journal open{{1}, {}};
    std::map<std::string, tree::Entry> entries;

    void record(Kind kind, std::vector<std::string> paths, tree::Entry entry = {}) {
        const LogPosition position = open.end();
        format::JournalRecord record{kind, time_of(position), std::move(paths)};
        if (record.has_entry()) {
            entry.name = format::journal_name(position);
            entries.emplace(entry.name, std::move(entry));
        }
        open.records.push_back(std::move(record));
    }
    /// One position a second.
    static Timestamp time_of(LogPosition position) {
        return Timestamp::from_seconds(first_second + static_cast<std::int64_t>(position.value));
    }
    void close(const std::optional<NodeId>& tree_after) {
        format::RestorePointsBuilder points;
        for (std::size_t i = 0; i < open.records.size(); ++i)
            points.add({{open.begin.value + i}, open.records[i].time});
        const Bytes bytes = encode(open);
        catalog::LogSegment segment;
        segment.source = home.id;
        segment.incarnation = 1;
        segment.name = fmt::format("{:08}", open.begin.value);
        segment.begin = open.begin;
        segment.end = open.end();
        segment.first_time = open.records.front().time;
        segment.last_time = segment.newest_point = open.records.back().time;
        segment.bytes = bytes.size();
        segment.extents = {{bytes.size(), put_chunk(*fixture.writer, bytes), 0}};
        segment.points = fixture.writer->put_node(points.encode());
        segment.point_count = points.count();
        if (!entries.empty()) segment.entries = build_entries();
        if (tree_after) segment.tree_after.emplace().root = *tree_after;
        auto changes = logs.add(segment);
        changes.push_back(catalog::Logs::put({home.id, 1, "journal-1", "", {}, {}}));
        fixture.writer->commit(changes);
        open = {segment.end, {}};
        entries.clear();
    }
    /// The state before the first record, as a snapshot taken beside the log.
    void take_base(const Folder& folder) {
        catalog::Snapshot base = fixture.take(home, -3600, folder);
        fixture.remove(base);
        base.log = catalog::SnapshotLog{1, {1}, {1}};
        const store::RecordChange change = catalog::Catalog::put(base);
        fixture.store->commit({&change, 1});
    }
    NodeId build_entries() {
        tree::DirectoryBuilder builder(*fixture.writer, fixture.bounds);
        for (const auto& [name, entry] : entries) builder.add(entry);
        return builder.finish().top;
    }
};

/// Random changes; what the tree is after each; a tree is stored after some segments.
struct RandomJournal {
    enum class Trees { none, some };
    explicit RandomJournal(std::uint64_t seed, Trees trees = Trees::some) : random(seed) {
        journal.take_base({});
        model.put("", changes.directory(3));
        journal.record(Kind::put, {""}, build());
        close(trees == Trees::some);
        for (int i = 0; i < 6; ++i) {
            for (std::uint64_t left = 1 + random.below(15); left > 0; --left) change();
            close(trees == Trees::some && random.below(3) == 0);
        }
    }
    tree::Entry build() { return model.find("")->build(*writer(), journal.fixture.bounds, "root"); }
    store::Writer* writer() { return journal.fixture.writer.get(); }
    void change() {
        const RandomChange next = changes.next(model);
        next.apply(model);
        tree::Entry entry;
        if (next.kind == RandomChange::Kind::put || next.kind == RandomChange::Kind::update)
            entry = next.item.build(*writer(), journal.fixture.bounds, "any");
        const Kind kinds[] = {Kind::put, Kind::update, Kind::remove, Kind::move};
        journal.record(kinds[static_cast<int>(next.kind)], next.paths, entry);
        roots.push_back(root());
    }
    void close(bool with_tree) {
        if (roots.empty()) roots.push_back(root());
        std::optional<NodeId> tree;
        if (with_tree) tree = model.build(*writer(), journal.fixture.bounds);
        journal.close(tree);
    }
    NodeId root() {
        IdsOnly ids(*journal.fixture.store);
        return model.build(ids, journal.fixture.bounds);
    }

    SeededRandom random;
    RandomChanges changes{random};
    ModelTree model;
    Journalled journal;
    std::vector<NodeId> roots;  ///< after each record, from position 1 on
};

/// The paths of all that is in a tree.
void add_paths(const store::ObjectCache& cache, const NodeId& top, const std::string& prefix,
               std::set<std::string>& paths) {
    tree::Directory(cache, top).scan("", [&](const tree::EntryView& entry) {
        const std::string path = prefix + std::string(entry.name());
        paths.insert(path);
        if (const auto child = entry.child()) add_paths(cache, *child, path + "/", paths);
        return true;
    });
}

std::optional<tree::EntryView> find(const store::ObjectCache& cache, const NodeId& top,
                                    const std::string& path) {
    const auto end = path.find('/');
    const auto entry = tree::Directory(cache, top).find(path.substr(0, end));
    if (end == path.npos || !entry) return entry;
    return entry->child() ? find(cache, *entry->child(), path.substr(end + 1)) : std::nullopt;
}

/// All names below, as far as they can be read.
std::uint64_t count_entries(const store::ObjectCache& cache, const NodeId& top) {
    std::uint64_t count = 0;
    tree::Directory(cache, top).scan("", [&](const tree::EntryView& entry) {
        ++count;
        if (const auto child = entry.child()) count += count_entries(cache, *child);
        return true;
    });
    return count;
}

std::optional<NodeId> root_at(const Journalled& journal, const store::ObjectCache& cache,
                              const view::Replay& replay, LogPosition position) {
    const view::SourceRecords records(journal.fixture.catalog, cache, journal.home.id);
    const auto opened = view::open_moment(records, timeline::Moment(Journalled::time_of(position)),
                                          journal.fixture.clock.now(), &replay);
    const auto* found = std::get_if<view::Opened>(&opened);
    return found ? std::optional(view::root_of(records, *found)) : std::nullopt;
}

}  // namespace

TEST_CASE("Every moment of a journal is the tree that it was, also when nothing fits the cache") {
    CAPTURE(test_seed());
    for (const std::uint64_t cache_bytes : {std::uint64_t{64} << 20, std::uint64_t{1}}) {
        RandomJournal random(test_seed());
        const Journalled& journal = random.journal;
        store::ObjectCache cache(*journal.fixture.store, cache_bytes);
        const view::LogReplay replay(journal.fixture.catalog, cache);
        const auto commits = journal.fixture.store->last_commit();
        for (std::size_t i = 0; i < random.roots.size(); ++i) {
            const auto root = root_at(journal, cache, replay, {i + 1});
            CAPTURE(i);
            REQUIRE(root == random.roots[i]);
            REQUIRE(count_entries(cache, *root) > 0);
        }
        CHECK(journal.fixture.store->last_commit() == commits);
    }
}

TEST_CASE("What is behind a moment is its base and the log that leads to it") {
    RandomJournal random(9, RandomJournal::Trees::none);
    Journalled& journal = random.journal;
    const view::LogReplay replay(journal.fixture.catalog, journal.fixture.cache);
    const view::SourceRecords records(journal.fixture.catalog, journal.fixture.cache,
                                      journal.home.id);
    const auto behind = [&](std::uint64_t position) {
        const auto opened =
            view::open_moment(records, timeline::Moment(Journalled::time_of({position})),
                              journal.fixture.clock.now(), &replay);
        return view::references_behind(records, std::get<view::Opened>(opened));
    };
    std::vector<catalog::References> segments;
    journal.logs.scan_segments(journal.home.id, 1, {}, [&](const catalog::LogSegment& segment) {
        segments.push_back(catalog::references_of(segment));
        return true;
    });
    REQUIRE(segments.size() == 7);
    const auto of_all = behind(random.roots.size());
    REQUIRE(of_all.size() == 8);
    CHECK(of_all[0].trees.size() == 1);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        CHECK_FALSE(segments[i].chunks.empty());
        CHECK(of_all[i + 1].chunks == segments[i].chunks);
        CHECK(of_all[i + 1].trees == segments[i].trees);
    }
    CHECK(behind(2).size() == 3);
}

TEST_CASE("Moments that were forgotten are opened anew") {
    RandomJournal random(7);
    store::ObjectCache cache(*random.journal.fixture.store, 1);
    const view::LogReplay replay(random.journal.fixture.catalog, cache,
                                 {.moments = 2, .objects = 1});
    for (int round = 0; round < 2; ++round)
        for (std::size_t i = 0; i < random.roots.size(); ++i) {
            REQUIRE(root_at(random.journal, cache, replay, {i + 1}) == random.roots[i]);
            REQUIRE(count_entries(cache, random.roots[i]) > 0);
        }
}

TEST_CASE("A moment that is kept is made again, whatever else is opened") {
    RandomJournal random(7);
    store::ObjectCache cache(*random.journal.fixture.store, 1);
    const view::LogReplay replay(random.journal.fixture.catalog, cache,
                                 {.moments = 2, .objects = 1});
    const std::size_t middle = random.roots.size() / 2;
    const auto open = [&](std::size_t i) {
        return root_at(random.journal, cache, replay, {i + 1});
    };
    REQUIRE(open(middle) == random.roots[middle]);
    const auto count = count_entries(cache, random.roots[middle]);
    auto kept = replay.keep(random.roots[middle]);
    REQUIRE(kept);
    for (std::size_t i = 0; i < random.roots.size(); ++i) REQUIRE(open(i) == random.roots[i]);
    CHECK(count_entries(cache, random.roots[middle]) == count);
    kept.reset();
    for (std::size_t i = 0; i < random.roots.size(); ++i)
        if (i != middle) REQUIRE(open(i) == random.roots[i]);
    CHECK_FALSE(replay.keep(random.roots[middle]));
    CHECK_FALSE(replay.keep(NodeId{}));
}

TEST_CASE("The mount shows what a journal says: bytes, moves, and links that share their bytes") {
    Journalled journal;
    ViewFixture& fixture = journal.fixture;
    const view::LogReplay replay(fixture.catalog, fixture.cache);
    const view::View view(fixture.catalog, fixture.cache, fixture.clock, &replay);
    const Folder first{.files = {{"f", fixture.file("one")}}, .folders = {{"d", {}}}, .xattrs = {}};
    journal.record(Kind::put, {""}, fixture.build("root", first));
    journal.close(std::nullopt);
    journal.record(Kind::put, {"f", "d/g"}, with_links(fixture.file("two"), 2));
    journal.record(Kind::move, {"d", "e"});
    journal.record(Kind::put, {"f"}, with_links(fixture.file("two"), 1));
    journal.record(Kind::remove, {"e"});
    journal.close(std::nullopt);
    journal.take_base({});
    const auto read = [&](int second, std::string_view path) -> std::optional<std::string> {
        const auto node =
            view.resolve(fmt::format("home/at/2026-11-21T02:00:{:02}Z/{}", second, path));
        return node ? std::optional(fixture.bytes(*node)) : std::nullopt;
    };
    CHECK(read(1, "f") == "one");
    CHECK(read(2, "f") == "two");
    CHECK(read(2, "d/g") == "two");
    CHECK(read(3, "e/g") == "two");
    CHECK_FALSE(read(3, "d/g"));
    CHECK(read(4, "f") == "two");
    CHECK(read(5, "f") == "two");
    CHECK_FALSE(read(5, "e/g"));
}

TEST_CASE("A journal that does not fit is damage, and names its segment and record") {
    Journalled journal;
    ViewFixture& fixture = journal.fixture;
    store::ObjectCache cache(*fixture.store, 1u << 20);
    const view::LogReplay replay(fixture.catalog, cache);
    const NodeId base = [&] {
        tree::DirectoryBuilder builder(*fixture.writer, fixture.bounds);
        builder.add(fixture.build("root", {}));
        return builder.finish().top;
    }();
    journal.record(Kind::put, {"none/x"}, fixture.file("x"));
    journal.close(std::nullopt);
    const auto plan = [](std::uint64_t begin, std::uint64_t end) {
        timeline::Plan made;
        made.replay = {{1, {begin}, {end}}};
        return made;
    };
    const auto apply = [&](std::uint64_t begin, std::uint64_t end) {
        return error_of([&] { replay.apply(journal.home.id, base, plan(begin, end)); });
    };
    CHECK(apply(1, 2).code() == Errc::corrupt);
    CHECK(std::string(apply(1, 2).what()) ==
          "log segment 00000001: record 1: none/x: its parent is not a directory");
    CHECK(apply(2, 3).code() == Errc::not_found);
    CHECK(replay.apply(journal.home.id + 1, base, plan(1, 2)) == std::nullopt);
}

TEST_CASE("log/ holds the segments of each incarnation under their names, byte for byte") {
    Journalled journal;
    const ViewFixture& fixture = journal.fixture;
    CHECK(fixture.names("home/log").empty());
    journal.record(Kind::put, {"a"}, journal.fixture.file("alpha"));
    journal.record(Kind::remove, {"b"});
    const Bytes first = encode(journal.open);
    journal.close({});
    journal.record(Kind::remove, {"c"});
    const Bytes second = encode(journal.open);
    journal.close({});
    CHECK(fixture.names("home/log") == std::vector<std::string>{"journal-1"});
    const std::string log = "home/log/journal-1";
    CHECK(fixture.names(log) == std::vector<std::string>{"00000001", "00000003"});
    CHECK(fixture.names(log, 2) == std::vector<std::string>{"00000003"});
    CHECK(fixture.names(log, 4).empty());
    CHECK(fixture.bytes(log + "/00000001") == as_text(first));
    CHECK(fixture.bytes(log + "/00000003") == as_text(second));
    for (const char* none : {"00000002", "0000000000000001", "00000001/x"})
        CHECK_FALSE(fixture.is_there(log + "/" + none));
    CHECK_FALSE(fixture.is_there("home/log/journal-2"));
    const auto attributes = fixture.view.attributes(fixture.at(log + "/00000003"));
    CHECK(attributes.stat.size == second.size());
    CHECK(attributes.stat.modified == Journalled::time_of({3}));
}

TEST_CASE("A segment that has grown is another file; one that went is an error") {
    Journalled journal;
    const ViewFixture& fixture = journal.fixture;
    journal.record(Kind::remove, {"a"});
    const format::Journal begun = journal.open;
    journal.close({});
    const view::Node before = fixture.at("home/log/journal-1/00000001");
    journal.open = begun;
    journal.record(Kind::remove, {"b"});
    const Bytes grown = encode(journal.open);
    journal.close({});
    const view::Node after = fixture.at("home/log/journal-1/00000001");
    CHECK(after.identity != before.identity);
    CHECK(fixture.bytes(after) == as_text(grown));
    const auto segment = journal.logs.segment_ending_after(journal.home.id, 1, {1});
    REQUIRE(segment);
    journal.fixture.store->commit(journal.logs.remove({&*segment, 1}));
    CHECK_THROWS_AS(fixture.view.open(after), Error);
    CHECK_FALSE(fixture.is_there("home/log/journal-1/00000001"));
}

TEST_CASE("The versions of a path are its states along the journal that differ") {
    CAPTURE(test_seed());
    RandomJournal random(test_seed(), RandomJournal::Trees::none);
    const Journalled& journal = random.journal;
    const store::ObjectCache& cache = journal.fixture.cache;
    view::LogReplay replay(journal.fixture.catalog, random.journal.fixture.cache);
    std::vector<NodeId> tops;  // of the source's directory, which is the root's one entry
    std::set<std::string> paths;
    for (std::size_t i = 0; i < random.roots.size(); ++i) {
        const auto root = root_at(journal, cache, replay, {i + 1});
        REQUIRE(root);
        tops.push_back(find(cache, *root, "root")->child().value());
        add_paths(cache, tops.back(), "", paths);
    }
    for (const std::string& path : paths) {
        std::vector<std::pair<Timestamp, bool>> expected, found;
        std::optional<tree::EntryView> before;
        for (std::size_t i = 0; i < tops.size(); ++i) {
            const auto entry = find(cache, tops[i], path);
            const auto change =
                before && entry ? tree::change_between(*before, *entry) : tree::EntryChange{};
            const bool differs = change.content || change.attributes || !before != !entry;
            if (differs) expected.emplace_back(Journalled::time_of({i + 1}), entry.has_value());
            before = entry;
        }
        view::scan_versions(journal.fixture.catalog, cache, journal.home.id, path, &replay,
                            [&](const view::Version& version) {
                                found.emplace_back(version.state.time, version.entry.has_value());
                                return true;
                            });
        CAPTURE(path);
        REQUIRE(found == expected);
    }
}

TEST_CASE("What came and went between two stored trees is a version where its directory changed") {
    Journalled journal;
    ViewFixture& fixture = journal.fixture;
    view::LogReplay replay(fixture.catalog, fixture.cache);
    const view::View view(fixture.catalog, fixture.cache, fixture.clock, &replay);
    const auto tree_of = [&](const Folder& folder) {
        tree::DirectoryBuilder root(*fixture.writer, fixture.bounds);
        root.add(fixture.build("root", folder));
        return root.finish().top;
    };
    const Folder empty, full{.files = {{"last", fixture.file("x")}}, .folders = {}, .xattrs = {}};
    journal.record(Kind::put, {""}, fixture.build("root", empty));
    journal.close(tree_of(empty));
    journal.record(Kind::put, {"short"}, fixture.file("one"));
    journal.record(Kind::put, {"short"}, fixture.file("other"));
    journal.record(Kind::remove, {"short"});
    journal.record(Kind::put, {"last"}, fixture.file("x"));
    journal.close(tree_of(full));
    journal.take_base({});
    const auto names = [&](const std::string& path) {
        std::vector<std::string> all;
        view.list(*view.resolve(path), 0, [&](const view::Listing& listing) {
            all.emplace_back(listing.name);
            return true;
        });
        std::ranges::sort(all);
        return all;
    };
    const auto at = [](std::uint64_t position) {
        return view::moment_name(Journalled::time_of({position}));
    };
    CHECK(names("home/versions/short") == std::vector{at(2), at(3)});
    CHECK(names("home/versions/last") == std::vector{at(5)});
    const auto node = view.resolve("home/versions/short/" + at(3));
    REQUIRE(node);
    CHECK(fixture.bytes(*node) == "other");
}
