// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>

#include "catalog/keys.h"
#include "catalog/records.h"
#include "golden_files.h"

using namespace yore;
using namespace yore::catalog;
using namespace yore::test;

namespace {

Source example_source() {
    return {7,
            "home",
            SourceKind::directory,
            {1'795'226'400'000'000'001},
            {"/home", true, true, false, {"*.tmp", "!keep.tmp"}}};
}
Snapshot example_snapshot() {
    Snapshot snapshot;
    fill(snapshot.id.bytes, 0x10);
    snapshot.source = 7;
    snapshot.name = {1'795'226'400, 2};
    snapshot.started = {1'795'226'400'250'000'000};
    snapshot.ended = {1'795'226'461'000'000'000};
    fill(snapshot.root.bytes, 0x80);
    snapshot.host = "db1";
    snapshot.path = "/home";
    snapshot.tags = {{"by", "cron"}, {"why", "upgrade"}};
    snapshot.outcome = Outcome::partial;
    snapshot.counts = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    snapshot.problems = {{"a/\xff", "permission denied"}};
    return snapshot;
}
void check_equal(const Snapshot& a, const Snapshot& b) {
    CHECK(a.id == b.id);
    CHECK(a.source == b.source);
    CHECK(a.name == b.name);
    CHECK(a.started == b.started);
    CHECK(a.ended == b.ended);
    CHECK(a.root == b.root);
    CHECK(a.host == b.host);
    CHECK(a.path == b.path);
    CHECK(a.tags == b.tags);
    CHECK(a.outcome == b.outcome);
    CHECK(a.base_backup == b.base_backup);
    CHECK(encode(a) == encode(b));  // counts too
    REQUIRE(a.problems.size() == b.problems.size());
    for (std::size_t i = 0; i < a.problems.size(); ++i) {
        CHECK(a.problems[i].path == b.problems[i].path);
        CHECK(a.problems[i].text == b.problems[i].text);
    }
}
Source example_cluster() {
    return {.id = 8,
            .name = "orders",
            .kind = SourceKind::postgresql,
            .created = {1'795'226'400'000'000'001},
            .directory = {},
            .postgresql = {"host=db1,db2 user=backup"}};
}
Snapshot example_base_backup() {
    Snapshot snapshot = example_snapshot();
    snapshot.source = 8;
    snapshot.base_backup = BaseBackup{.system_identifier = 7'300'000'000'000'000'001,
                                      .server_version = 150018,
                                      .timeline = 2,
                                      .start = {0x2000028},
                                      .stop = {0x3000060},
                                      .from_standby = true,
                                      .damaged_pages = 3};
    return snapshot;
}
SnapshotKey key_of(const Snapshot& snapshot) {
    return {snapshot.source, snapshot.name, snapshot.ended, snapshot.log};
}

Source example_removed_source() {
    Source source = example_source();
    source.retention = {.last = 1,
                        .hourly = 2,
                        .daily = 3,
                        .weekly = 4,
                        .monthly = 5,
                        .yearly = 6,
                        .within = seconds(7),
                        .window = seconds(8)};
    source.removed = Timestamp{1'795'226'500'000'000'000};
    return source;
}
Source example_checked_source() {
    Source source = example_source();
    source.check = {"./check --all", seconds(600), "backup", "SELECT count(*) > 0 FROM orders"};
    return source;
}
Hold example_hold() {
    return {.number = 9,
            .source = 7,
            .created = {1'795'226'600'000'000'000},
            .reason = "audit",
            .snapshot = SnapshotName{1'795'226'400, 2},
            .from = {1},
            .to = {2},
            .until = Timestamp{1'895'226'600'000'000'000}};
}
Hold example_clone_hold() {
    return {.number = 9,
            .source = 7,
            .created = {1'795'226'600'000'000'000},
            .reason = "a clone",
            .from = {5},
            .to = {5},
            .clone = "test"};
}

}  // namespace

TEST_CASE("records have the bytes of the golden files") {
    CHECK(to_hex(encode(Counters{8, 10})) == golden("counters-2.hex"));
    CHECK(to_hex(encode(example_removed_source())) == golden("source-2.hex"));
    CHECK(to_hex(encode(example_checked_source())) == golden("source-4.hex"));
    CHECK(to_hex(encode(example_hold())) == golden("hold-1.hex"));
    CHECK(to_hex(encode(example_clone_hold())) == golden("hold-2.hex"));
    CHECK(to_hex(hold_key(7, 9)) == golden("hold-key-1.hex"));
    CHECK(to_hex(encode(example_cluster())) == golden("source-3.hex"));
    CHECK(to_hex(encode(example_base_backup())) == golden("snapshot-2.hex"));
    CHECK(to_hex(encode(Counters{8, 1})) == golden("counters-1.hex"));
    CHECK(to_hex(encode(example_source())) == golden("source-1.hex"));
    CHECK(to_hex(encode(example_snapshot())) == golden("snapshot-1.hex"));
    CHECK(to_hex(snapshot_key(key_of(example_snapshot()))) == golden("snapshot-key-1.hex"));
}

TEST_CASE("the golden record of a source with a check is read") {
    const Source source = decode_source(7, from_hex(golden("source-4.hex")));
    CHECK(source.check == example_checked_source().check);
    CHECK(source.directory.path == "/home");
    CHECK(decode_source(7, from_hex(golden("source-1.hex"))).check == SourceCheck{});
    Source odd = example_checked_source();
    odd.check.time_limit = seconds(-1);
    CHECK(code_thrown_by([&] { decode_source(7, encode(odd)); }) == Errc::corrupt);
}

TEST_CASE("golden records are read") {
    CHECK(decode_counters(from_hex(golden("counters-2.hex"))) == Counters{8, 10});
    const Source removed = decode_source(7, from_hex(golden("source-2.hex")));
    CHECK(removed.retention == example_removed_source().retention);
    CHECK(removed.removed == example_removed_source().removed);
    const HoldKey held = parse_hold_key(from_hex(golden("hold-key-1.hex")));
    CHECK(decode_hold(held, from_hex(golden("hold-1.hex"))) == example_hold());
    CHECK(decode_hold(held, from_hex(golden("hold-2.hex"))) == example_clone_hold());
    CHECK(decode_counters(from_hex(golden("counters-1.hex"))) == Counters{8, 1});
    const Source source = decode_source(7, from_hex(golden("source-1.hex")));
    CHECK(source.name == "home");
    CHECK(source.created == example_source().created);
    CHECK(source.directory.path == "/home");
    CHECK(source.directory.one_file_system);
    CHECK(source.directory.ignore_cache_dirs);
    CHECK_FALSE(source.directory.ignore_nodump);
    CHECK(source.directory.excludes == example_source().directory.excludes);
    const SnapshotKey key = parse_snapshot_key(from_hex(golden("snapshot-key-1.hex")));
    check_equal(decode_snapshot(key, from_hex(golden("snapshot-1.hex"))), example_snapshot());
    const Source cluster = decode_source(8, from_hex(golden("source-3.hex")));
    CHECK(cluster.kind == SourceKind::postgresql);
    CHECK(cluster.postgresql.conninfo == example_cluster().postgresql.conninfo);
    const SnapshotKey backup_key = key_of(example_base_backup());
    CHECK(cluster.postgresql.config_directory.empty());
    check_equal(decode_snapshot(backup_key, from_hex(golden("snapshot-2.hex"))),
                example_base_backup());
}

TEST_CASE("a cluster's record holds where its files of settings are") {
    Source cluster = example_cluster();
    cluster.postgresql.config_directory = "/etc/postgresql/15/main";
    const Source back = decode_source(8, encode(cluster));
    CHECK(back.postgresql.conninfo == cluster.postgresql.conninfo);
    CHECK(back.postgresql.config_directory == "/etc/postgresql/15/main");
    CHECK(back.postgresql.pinned_bytes_max == 0);
}

TEST_CASE("a cluster's record holds how much of the log a slot may keep at its server") {
    Source cluster = example_cluster();
    cluster.postgresql.pinned_bytes_max = 10'000'000'000;
    CHECK(decode_source(8, encode(cluster)).postgresql.pinned_bytes_max == 10'000'000'000);
}

TEST_CASE("a base backup's record holds what a server on it needs of its machine") {
    Snapshot snapshot = example_base_backup();
    snapshot.base_backup->needs = {.libraries = {"$libdir/ltree", "pg_stat_statements"},
                                   .collations = {"icu de-x-icu 153.112"}};
    check_equal(decode_snapshot(key_of(snapshot), encode(snapshot)), snapshot);
}

TEST_CASE("a base backup's record holds which one it was rolled forward from") {
    Snapshot snapshot = example_base_backup();
    snapshot.base_backup->rolled_from = SnapshotName{1'795'000'000, 2};
    CHECK(to_hex(encode(snapshot)) == golden("snapshot-3.hex"));
    check_equal(decode_snapshot(key_of(snapshot), from_hex(golden("snapshot-3.hex"))), snapshot);
    check_equal(decode_snapshot(key_of(snapshot), encode(snapshot)), snapshot);
}

TEST_CASE("a stream's record holds no directory") {
    const Source source = decode_source(
        3, encode(Source{3, "dump", SourceKind::stream, {5}, {"/ignored", true, true, true, {}}}));
    CHECK(source.kind == SourceKind::stream);
    CHECK(source.directory.path.empty());
}

TEST_CASE("a base backup that ends before it begins is corrupt") {
    Snapshot snapshot = example_base_backup();
    snapshot.base_backup->stop = {1};
    CHECK_THROWS_AS(decode_snapshot(key_of(snapshot), encode(snapshot)), Error);
    snapshot = example_base_backup();
    snapshot.base_backup->timeline = 0;
    CHECK_THROWS_AS(decode_snapshot(key_of(snapshot), encode(snapshot)), Error);
}

TEST_CASE("a record under the key of another is corrupt") {
    CHECK_THROWS_AS(decode_source(8, encode(example_source())), Error);
    CHECK_THROWS_AS(decode_source(7, encode(example_snapshot())), Error);
    CHECK_THROWS_AS(decode_snapshot({}, encode(example_source())), Error);
    CHECK_THROWS_AS(decode_counters(encode(Counters{0, 1})), Error);
    Source odd = example_source();
    odd.name = "../x";
    CHECK_THROWS_AS(decode_source(7, encode(odd)), Error);
}

TEST_CASE("what only a newer version knows is unsupported, not corrupt") {
    Source source = example_source();
    source.kind = SourceKind{9};
    CHECK_THROWS_WITH(decode_source(7, encode(source)), "record of source 7: kind 9 is unknown");
    Snapshot snapshot = example_snapshot();
    snapshot.outcome = Outcome{9};
    CHECK_THROWS_AS(decode_snapshot(key_of(snapshot), encode(snapshot)), Error);
}

TEST_CASE("a record holds the first 1,000 problems, their paths cut") {
    Snapshot snapshot = example_snapshot();
    snapshot.problems.assign(1500, {std::string(10'000, 'x'), "permission denied"});
    const Snapshot read = decode_snapshot(key_of(snapshot), encode(snapshot));
    REQUIRE(read.problems.size() == problems_max);
    CHECK(read.problems[0].path.size() == problem_path_bytes_max);
    CHECK(read.problems[0].path.ends_with("x…"));
}

TEST_CASE("damaged records give an error or a value, nothing else") {
    survives_damage(encode(Counters{8, 1}), [](ByteView b) { decode_counters(b); });
    survives_damage(encode(example_source()), [](ByteView b) { decode_source(7, b); });
    survives_damage(encode(example_removed_source()), [](ByteView b) { decode_source(7, b); });
    survives_damage(encode(example_hold()), [](ByteView b) { decode_hold({7, 9}, b); });
    survives_damage(encode(example_clone_hold()), [](ByteView b) { decode_hold({7, 9}, b); });
    survives_damage(hold_key(7, 9), [](ByteView b) { parse_hold_key(b); });
    survives_damage(encode(example_snapshot()),
                    [](ByteView b) { decode_snapshot(key_of(example_snapshot()), b); });
    survives_damage(snapshot_key(key_of(example_snapshot())),
                    [](ByteView b) { parse_snapshot_key(b); });
    survives_damage(source_key(7), [](ByteView b) { parse_source_key(b); });
}

TEST_CASE("keys sort as what they stand for") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    const auto any = [&] {
        SnapshotKey key;
        key.source = static_cast<std::uint32_t>(random.below(3));
        key.name.second = static_cast<std::int64_t>(random.below(7)) - 3;
        if (random.below(4) == 0) key.name.second *= 1'000'000'000;
        key.name.ordinal = static_cast<std::uint32_t>(1 + random.below(3) * 300);
        key.ended.ns = static_cast<std::int64_t>(random.next());
        if (random.below(4) == 0) key.log = SnapshotLog{1, {random.below(300)}, {300}};
        return key;
    };
    for (int i = 0; i < 20'000; ++i) {
        const SnapshotKey a = any(), b = any();
        REQUIRE(parse_snapshot_key(snapshot_key(a)) == a);
        REQUIRE((snapshot_key(a) < snapshot_key(b)) ==
                (std::tie(a.source, a.name, a.ended, a.log) <
                 std::tie(b.source, b.name, b.ended, b.log)));
    }
}
