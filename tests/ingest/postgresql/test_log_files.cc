// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/ingest/postgresql_log.h>
#include <yore/view/log_replay.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "../../postgresql/wal_builder.h"
#include "../ingest_fixture.h"
#include "ingest/postgresql/timelines.h"

using namespace yore;
using namespace yore::ingest;
using namespace yore::ingest::test;
using namespace yore::postgresql;
using yore::postgresql::test::small_stream;
using yore::postgresql::test::WalBuilder;
using Outcome = LogFileTaken::Outcome;

namespace {

constexpr std::uint64_t segment_bytes = 1u << 20;
constexpr std::uint64_t us = 1'000'000;

/// A cluster's log from segment 3 on, by hand: a commit every 100 KiB, a second apart.
class Log {
  public:
    explicit Log(WalStream stream = small_stream(), std::uint64_t first_segment = 3,
                 std::size_t record_bytes = 100'000)
        : wal_(stream, {first_segment * segment_bytes}), record_bytes_(record_bytes) {}

    void write_until(Lsn end) {
        while (wal_.position() < end) write_commit();
    }
    Lsn write_commit() {
        ++commits_;
        wal_.heap(record_bytes_);
        return wal_.commit(700 + commits_, commits_ * us);
    }
    WalBuilder& wal() { return wal_; }
    std::string segment(std::uint64_t number) const {
        const auto bytes = wal_.bytes_from({number * segment_bytes});
        std::string text(as_text(bytes.first(std::min<std::size_t>(segment_bytes, bytes.size()))));
        text.resize(segment_bytes);
        return text;
    }

  private:
    WalBuilder wal_;
    std::size_t record_bytes_;
    std::uint32_t commits_ = 0;
};

struct Archive {
    Archive() {
        catalog::Source fresh;
        fresh.name = "orders";
        fresh.kind = catalog::SourceKind::postgresql;
        fresh.postgresql.conninfo = "host=db1";
        source = bench.catalog().add_source(fresh);
    }
    LogFileTaken push(const std::string& name, std::string_view content) {
        const StreamReader read = [&](MutableBytes into) {
            const std::size_t count = std::min({into.size(), content.size(), std::size_t{70'000}});
            std::memcpy(into.data(), content.data(), count);
            content.remove_prefix(count);
            return count;
        };
        return store_log_file({bench.catalog(), bench.cache(), source, name, read, bench.clock()},
                              {});
    }
    std::optional<Errc> refusal(const std::string& name, std::string_view content) {
        const CommitNumber before = bench.store().last_commit();
        try {
            push(name, content);
        } catch (const Error& error) {
            INFO(error.full_text());
            CHECK(std::string(error.what()).find(name.substr(0, 8)) != std::string::npos);
            CHECK(bench.store().last_commit() == before);
            return error.code();
        }
        return std::nullopt;
    }
    std::string fetch(const std::string& name) {
        const auto found = find_log_file(bench.catalog(), source, name);
        if (const auto* history = std::get_if<StoredTimelineHistory>(&found)) return history->text;
        if (std::holds_alternative<BehindEnd>(found)) return "behind the end";
        const auto& stored = std::get<StoredLogSegment>(found);
        std::string text = bench.text(view::content_of(stored.segment));
        text.resize(stored.bytes);
        return text;
    }
    std::optional<Errc> missing(const std::string& name) {
        try {
            fetch(name);
            return std::nullopt;
        } catch (const Error& error) {
            return error.code();
        }
    }
    void upgrade(std::uint64_t identifier) {
        const std::uint32_t system = newest_system(bench.catalog(), source).number + 1;
        const auto record =
            incarnation_of(bench.catalog(), source, {system, identifier}, {1}, bench.clock().now());
        bench.store().commit(record.changes);
    }
    catalog::LogSegment stored(std::uint32_t incarnation, std::uint64_t number) {
        const auto found =
            logs().segment_ending_after(source.id, incarnation, {number * segment_bytes});
        REQUIRE(found);
        return *found;
    }
    std::vector<format::RestorePoint> points(const catalog::LogSegment& segment) {
        std::vector<format::RestorePoint> all;
        if (!segment.points) return all;
        const auto node = bench.cache().node(*segment.points);
        const format::RestorePoints list(node->view());
        for (std::uint32_t i = 0; i < list.count(); ++i) all.push_back(list.at(i));
        CHECK(all.size() == segment.point_count);
        return all;
    }
    catalog::Logs logs() { return catalog::Logs(bench.store()); }

    Bench bench;
    catalog::Source source;
};

std::string name_of(std::uint32_t timeline, std::uint64_t number) {
    return segment_name({timeline}, {number}, *SegmentSize::of(segment_bytes));
}

}  // namespace

TEST_CASE("segments are stored with their restore points, and come back byte by byte") {
    Log log;
    log.write_until({6 * segment_bytes});
    Archive archive;
    for (const std::uint64_t number : {3, 4, 5})
        CHECK(archive.push(name_of(1, number), log.segment(number)).outcome == Outcome::stored);
    const auto runs = archive.logs().runs(archive.source.id, 1);
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].begin == LogPosition{3 * segment_bytes});
    CHECK(runs[0].end == LogPosition{6 * segment_bytes});
    std::uint32_t commits = 0;
    for (const std::uint64_t number : {3, 4, 5}) {
        const auto segment = archive.stored(1, number);
        CHECK(segment.name == name_of(1, number));
        CHECK(segment.sequence == number);
        CHECK(segment.bytes == segment_bytes);
        for (const auto& point : archive.points(segment)) {
            CHECK(point.id == 701 + commits++);
            CHECK(point.time <= segment.last_time);
        }
        CHECK(archive.fetch(segment.name) == log.segment(number));
    }
    CHECK(commits > 25);
    CHECK(archive.logs().incarnations(archive.source.id).at(0).name == "00000001");
    CHECK(system_identifier_of(archive.bench.catalog(), archive.source) ==
          small_stream().system_identifier);
}

TEST_CASE("a commit whose record crosses into the next segment is known with that one") {
    Log log(small_stream(), 3, 3000);
    const Lsn bound{4 * segment_bytes};
    while (log.wal().position().value + 5000 < bound.value) log.write_commit();
    while (log.wal().position().value + 300 < bound.value) log.wal().heap(40);
    // So that the commit's header of 24 bytes still fits, and what it says does not.
    log.wal().align();
    log.wal().heap(bound.value - log.wal().position().value - 24 - 24);
    const Lsn crossing = log.wal().commit(9999, 900 * us);
    REQUIRE(crossing < bound);
    REQUIRE(log.wal().position() > bound);
    log.write_until({5 * segment_bytes});
    Archive archive;
    archive.push(name_of(1, 3), log.segment(3));
    archive.push(name_of(1, 4), log.segment(4));
    CHECK(archive.points(archive.stored(1, 3)).back().id != 9999);
    const auto points = archive.points(archive.stored(1, 4));
    CHECK(points.front().id == 9999);
    CHECK(points.front().position == position_of(crossing));
}

TEST_CASE("the same segment is accepted again, another one under its name is not") {
    Log log;
    log.write_until({4 * segment_bytes});
    Archive archive;
    archive.push(name_of(1, 3), log.segment(3));
    const CommitNumber commit = archive.bench.store().last_commit();
    CHECK(archive.push(name_of(1, 3), log.segment(3)).outcome == Outcome::already);
    CHECK(archive.bench.store().last_commit() == commit);
    std::string altered = log.segment(3);
    altered[700'000] ^= 1;
    CHECK(archive.refusal(name_of(1, 3), altered) == Errc::exists);
}

TEST_CASE("what is no whole, right segment is refused before anything is stored") {
    Log log;
    log.write_until({5 * segment_bytes});
    Archive archive;
    const std::string good = log.segment(3);
    std::string altered = good;
    altered[700'000] ^= 1;
    CHECK(archive.refusal(name_of(1, 3), altered) == Errc::corrupt);
    CHECK(archive.refusal(name_of(1, 4), good) == Errc::corrupt);  // recycled, or renamed
    CHECK(archive.refusal(name_of(1, 3), good.substr(0, 500'000)) == Errc::invalid);
    CHECK(archive.refusal(name_of(1, 3), good + "x") == Errc::invalid);
    CHECK(archive.refusal(name_of(1, 3), "") == Errc::corrupt);
    CHECK(archive.refusal("000000010000000A0000000G", good) == Errc::invalid);
    CHECK(archive.refusal(name_of(1, 4), std::string(segment_bytes, '\0')) == Errc::corrupt);
    std::string unwritten = good.substr(0, 65536);
    unwritten.resize(segment_bytes);
    CHECK(archive.refusal(name_of(1, 3), unwritten) == Errc::corrupt);

    archive.push(name_of(1, 3), good);
    WalStream foreign = small_stream();
    ++foreign.system_identifier;
    Log other(foreign, 4);
    other.write_until({5 * segment_bytes});
    CHECK(archive.refusal(name_of(1, 4), other.segment(4)) == Errc::invalid);
    Log elsewhere(small_stream(), 4);  // of the same cluster, but not what followed
    elsewhere.write_until({5 * segment_bytes});
    CHECK(archive.refusal(name_of(1, 4), elsewhere.segment(4)) == Errc::corrupt);
    CHECK(archive.push(name_of(1, 4), log.segment(4)).outcome == Outcome::stored);
}

TEST_CASE("of a partial segment what is valid is kept, and the whole one takes its place") {
    Log log;
    log.write_until({3 * segment_bytes + 600'000});
    const Lsn end = log.wal().position();
    const std::string partial = log.segment(3);
    Archive archive;
    const std::string name = name_of(1, 3);
    CHECK(archive.push(name + ".partial", partial).outcome == Outcome::stored);
    CHECK(archive.stored(1, 3).name == name + ".partial");
    CHECK(archive.stored(1, 3).end.value <= (end.value + 7) / 8 * 8);
    CHECK(archive.fetch(name) == partial);
    CHECK(archive.fetch(name + ".partial") == partial);
    CHECK(archive.fetch(name_of(1, 4)) == "behind the end");
    std::string with_rubbish = partial;
    with_rubbish[900'000] = 'x';
    CHECK(archive.push(name + ".partial", with_rubbish).outcome == Outcome::already);

    log.write_until({4 * segment_bytes});
    CHECK(archive.push(name, log.segment(3)).outcome == Outcome::stored);
    CHECK(archive.stored(1, 3).name == name);
    CHECK(archive.fetch(name) == log.segment(3));
    CHECK(archive.missing(name + ".partial") == Errc::not_found);
    CHECK(archive.push(name + ".partial", partial).outcome == Outcome::already);
    Log other(small_stream(), 3, 90'000);
    other.write_until({4 * segment_bytes});
    CHECK(archive.refusal(name + ".partial", other.segment(3)) == Errc::exists);
}

TEST_CASE("of a segment that a switch ended what has come is kept, without all its zeros") {
    Log log;
    log.write_until({3 * segment_bytes + 300'000});
    log.wal().switch_segment();
    const std::string whole = log.segment(3);
    const std::string come = whole.substr(0, 400'000);
    Archive archive;
    const std::string name = name_of(1, 3);
    CHECK(archive.push(name + ".partial", come).outcome == Outcome::stored);
    CHECK(archive.stored(1, 3).end == LogPosition{3 * segment_bytes + come.size()});
    CHECK(archive.push(name, whole).outcome == Outcome::stored);
    CHECK(archive.fetch(name) == whole);
}

TEST_CASE("a segment that is missing is not the end of the log") {
    Log log;
    log.write_until({7 * segment_bytes});
    Archive archive;
    CHECK(archive.missing(name_of(1, 3)) == Errc::not_found);  // nothing says where it ends
    for (const std::uint64_t number : {3, 4, 6})
        archive.push(name_of(1, number), log.segment(number));
    CHECK(archive.logs().runs(archive.source.id, 1).size() == 2);
    CHECK(archive.missing(name_of(1, 5)) == Errc::not_found);
    CHECK(archive.missing(name_of(1, 2)) == Errc::not_found);
    CHECK(archive.fetch(name_of(1, 7)) == "behind the end");
    CHECK(archive.fetch(name_of(2, 5)) == "behind the end");
    CHECK(archive.fetch("00000002.history") == "behind the end");
    CHECK(archive.fetch("00000001.history") == "behind the end");
    CHECK(archive.missing("RECOVERYXLOG") == Errc::invalid);
    CHECK(archive.push(name_of(1, 5), log.segment(5)).outcome == Outcome::stored);
    CHECK(archive.logs().runs(archive.source.id, 1).size() == 1);
}

TEST_CASE("a timeline forks off where its history says, in the midst of a segment") {
    Log log;
    log.write_until({4 * segment_bytes + 400'000});
    log.wal().align();
    const Lsn fork = log.wal().position();
    log.wal().set_timeline({2});
    log.write_until({6 * segment_bytes});
    Archive archive;
    archive.push(name_of(1, 3), log.segment(3));
    CHECK(archive.refusal(name_of(2, 4), log.segment(4)) == Errc::invalid);  // forked off where?
    const std::string history =
        fmt::format("1\t{}\tno recovery target specified\n", postgresql::to_text(fork));
    CHECK(archive.push("00000002.history", history).outcome == Outcome::stored);
    CHECK(archive.push("00000002.history", history).outcome == Outcome::already);
    CHECK(archive.refusal("00000002.history", "1\t0/3000000\tx\n") == Errc::exists);
    CHECK(archive.missing(name_of(1, 4)) == Errc::not_found);  // it went on there until the fork
    CHECK(archive.push(name_of(2, 4), log.segment(4)).outcome == Outcome::stored);
    CHECK(archive.push(name_of(2, 5), log.segment(5)).outcome == Outcome::stored);

    const auto parents = archive.stored(1, 4);
    CHECK(parents.name == name_of(1, 4) + ".partial");
    CHECK(parents.end == position_of(fork));
    CHECK(archive.points(parents).back().position < position_of(fork));
    CHECK(archive.points(archive.stored(2, 4)).front().position >= position_of(fork));
    const auto lines = archive.logs().incarnations(archive.source.id);
    REQUIRE(lines.size() == 2);
    CHECK(lines[1].name == "00000002");
    CHECK(lines[1].fork == catalog::LogIncarnation::Fork{1, position_of(fork)});
    CHECK(parse_timeline_history(as_bytes(archive.fetch("00000002.history")), {2}, "x").at(0).at ==
          fork);
    CHECK(archive.refusal(name_of(2, 3), log.segment(3)).has_value());  // before the fork
}

TEST_CASE("a log may begin on any timeline, and its history may come later") {
    WalStream stream = small_stream();
    stream.timeline = {5};
    Log log(stream);
    log.write_until({4 * segment_bytes});
    Archive archive;
    CHECK(archive.push(name_of(5, 3), log.segment(3)).outcome == Outcome::stored);
    CHECK(archive.missing("00000005.history") == Errc::not_found);
    CHECK(archive.missing(name_of(4, 2)) == Errc::not_found);
    const std::string history = "1\t0/50000\tx\n4\t0/280000\ty\n";
    archive.push("00000005.history", history);
    CHECK(archive.logs().incarnations(archive.source.id).size() == 3);
    CHECK(parse_timeline_history(as_bytes(archive.fetch("00000005.history")), {5}, "x").size() ==
          2);
    CHECK(archive.push("000000050000000000000003.00000028.backup", "START").outcome ==
          Outcome::not_kept);
}

TEST_CASE("two systems' segments of one name stand side by side, each with its own duplicates") {
    WalStream upgraded = small_stream();
    ++upgraded.system_identifier;
    Log old(small_stream(), 3), renewed(upgraded, 3);
    old.write_until({5 * segment_bytes});
    renewed.write_until({5 * segment_bytes});
    Archive archive;
    const std::string name = name_of(1, 3);
    archive.push(name, old.segment(3));
    CHECK(archive.refusal(name, renewed.segment(3)) == Errc::invalid);

    archive.upgrade(upgraded.system_identifier);
    CHECK(archive.push(name, renewed.segment(3)).incarnation == "sys2-00000001");
    CHECK(archive.push(name, renewed.segment(3)).outcome == Outcome::already);
    CHECK(archive.push(name, old.segment(3)).outcome == Outcome::already);
    CHECK(archive.push(name_of(1, 4), old.segment(4)).incarnation == "00000001");  // a late one
    const std::uint32_t second = view::incarnation_number({2, {1}});
    CHECK(archive.stored(1, 3).end == LogPosition{4 * segment_bytes});
    CHECK(archive.stored(second, 3).name == name);
    CHECK(archive.logs().runs(archive.source.id, second).size() == 1);
    CHECK(archive.logs().runs(archive.source.id, 1).size() == 1);

    CHECK(archive.fetch(name) == renewed.segment(3));
    CHECK(archive.fetch("sys1-" + name) == old.segment(3));
    CHECK(archive.fetch("sys2-" + name) == renewed.segment(3));
    CHECK(archive.fetch(name_of(1, 4)) == "behind the end");
    CHECK(archive.fetch("sys1-" + name_of(1, 4)) == old.segment(4));
    CHECK(archive.missing("sys3-" + name) == Errc::not_found);
}

TEST_CASE("timelines of an upgraded cluster begin anew, and fork within their system") {
    WalStream upgraded = small_stream();
    ++upgraded.system_identifier;
    Log old(small_stream()), renewed(upgraded);
    old.write_until({4 * segment_bytes});
    renewed.write_until({3 * segment_bytes + 400'000});
    renewed.wal().align();
    const Lsn fork = renewed.wal().position();
    renewed.wal().set_timeline({2});
    renewed.write_until({4 * segment_bytes});
    Archive archive;
    archive.push(name_of(1, 3), old.segment(3));
    archive.upgrade(upgraded.system_identifier);
    const auto history = fmt::format("1\t{}\tx\n", postgresql::to_text(fork));
    CHECK(archive.push("00000002.history", history).incarnation == "sys2-00000002");
    CHECK(archive.push(name_of(2, 3), renewed.segment(3)).outcome == Outcome::stored);

    const std::uint32_t first = view::incarnation_number({2, {1}});
    CHECK(archive.stored(first, 3).name == name_of(1, 3) + ".partial");
    const auto lines = archive.logs().incarnations(archive.source.id);
    REQUIRE(lines.size() == 3);
    CHECK(lines[2].fork == catalog::LogIncarnation::Fork{first, position_of(fork)});
    CHECK(archive.fetch("00000002.history").starts_with("1\t"));
    CHECK(archive.fetch("sys1-00000002.history") == "behind the end");
    CHECK(archive.stored(1, 3).name == name_of(1, 3));
}

TEST_CASE("a history of the old cluster that comes after the upgrade is the old one's") {
    WalStream upgraded = small_stream();
    ++upgraded.system_identifier;
    Log old(small_stream()), renewed(upgraded);
    renewed.write_until({7 * segment_bytes});
    old.write_until({4 * segment_bytes + 400'000});
    old.wal().align();
    const Lsn fork = old.wal().position();
    old.wal().set_timeline({2});
    old.write_until({5 * segment_bytes});
    Archive archive;
    archive.push(name_of(1, 3), old.segment(3));
    archive.push(name_of(1, 4) + ".partial", old.segment(4));
    archive.upgrade(upgraded.system_identifier);
    archive.push(name_of(1, 6), renewed.segment(6));
    const auto history = fmt::format("1\t{}\tx\n", postgresql::to_text(fork));
    CHECK(archive.push("00000002.history", history).incarnation == "00000002");
    CHECK(archive.push(name_of(2, 4), old.segment(4)).incarnation == "00000002");
    CHECK(archive.push("00000002.history", "1\t0/9000000\tx\n").incarnation == "sys2-00000002");
}

TEST_CASE("base backups are taken of the newest system alone") {
    Log old;
    old.write_until({4 * segment_bytes});
    Archive archive;
    archive.push(name_of(1, 3), old.segment(3));
    const auto before = small_stream().system_identifier;
    const auto asked = [&](std::uint64_t identifier) -> std::optional<std::uint32_t> {
        try {
            return newest_system_of(archive.bench.catalog(), archive.source, identifier, "it")
                .number;
        } catch (const Error& error) {
            CHECK(error.code() == Errc::invalid);
            return std::nullopt;
        }
    };
    CHECK(asked(before) == 1);
    CHECK_FALSE(asked(before + 1));
    archive.upgrade(before + 1);
    CHECK(asked(before + 1) == 2);
    CHECK_FALSE(asked(before));
    CHECK(system_identifier_of(archive.bench.catalog(), archive.source) == before + 1);
}
