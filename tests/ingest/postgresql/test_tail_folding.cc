// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/view/log_replay.h>

#include "../../postgresql/wal_builder.h"
#include "../ingest_fixture.h"
#include "ingest/postgresql/stream_start.h"
#include "ingest/postgresql/tail_folding.h"

using namespace yore;
using namespace yore::ingest;
using namespace yore::ingest::test;
using namespace yore::postgresql;
using yore::postgresql::test::small_stream;
using yore::postgresql::test::WalBuilder;

namespace {

constexpr std::uint64_t segment_bytes = 1u << 20;
constexpr std::uint64_t us = 1'000'000;
const SegmentSize size = *SegmentSize::of(segment_bytes);

/// A cluster's log from segment 3 on, in pieces as they come: the tail of a receiver.
class Received {
  public:
    Received() : wal_(small_stream(), {3 * segment_bytes}) {
        catalog::Source fresh;
        fresh.name = "orders";
        fresh.kind = catalog::SourceKind::postgresql;
        source = bench.catalog().add_source(fresh);
    }
    /// Commits, up to about there.
    void write_until(std::uint64_t end) {
        while (wal_.position().value < end) {
            wal_.heap(30'000);
            ++commits;
            wal_.commit(700 + commits, commits * us);
        }
        wal_.align();
    }
    /// All that was written, into the tail.
    void receive(std::uint32_t timeline = 1, std::uint64_t from = 3 * segment_bytes) {
        auto tail = bench.store().open_tail({source.id, timeline});
        std::uint64_t position = tail.end().value_or(from);
        ByteView left = wal_.bytes_from({position});
        while (!left.empty()) {
            const auto piece = left.first(std::min<std::size_t>(
                {left.size(), 70'001, segment_bytes - position % segment_bytes}));
            tail.append(position, piece);
            position += piece.size();
            left = left.subspan(piece.size());
        }
    }
    void settle() { store_tails({bench.catalog(), bench.cache(), source, bench.clock()}); }
    std::vector<std::string> names(std::uint32_t timeline = 1) {
        std::vector<std::string> found;
        logs().scan_segments(source.id, timeline, {}, [&](const catalog::LogSegment& segment) {
            found.push_back(segment.name);
            points += segment.point_count;
            return true;
        });
        return found;
    }
    std::optional<TailExtent> tail(std::uint32_t timeline = 1) {
        return extent_of(bench.store(), {source.id, timeline});
    }
    catalog::Logs logs() { return catalog::Logs(bench.store()); }
    /// Where a server that is on this timeline is asked to begin.
    LogPlace begin(Timeline timeline = {1}, const std::vector<TimelineSwitch>& history = {},
                   const System& system = {}) {
        ServerLog server;
        server.format = small_stream();
        server.end = {timeline, {90 * segment_bytes}};
        return place_to_begin(bench.catalog(), source, system, server, history,
                              {80 * segment_bytes + 12345});
    }
    void put_timeline(std::uint32_t number, std::uint32_t parent, Lsn fork) {
        const auto change = catalog::Logs::put({source.id,
                                                number,
                                                fmt::format("{:08X}", number),
                                                "",
                                                {},
                                                {{parent, position_of(fork)}}});
        bench.store().commit({&change, 1});
    }

    Bench bench;
    catalog::Source source;
    WalBuilder wal_;
    std::uint32_t commits = 0;
    std::uint32_t points = 0;  ///< in the segments that were named last
};

const std::string third = "000000010000000000000003", fourth = "000000010000000000000004",
                  fifth = "000000010000000000000005";

}  // namespace

TEST_CASE("whole segments leave the tail, and the open one is stored beside it") {
    Received received;
    received.write_until(5 * segment_bytes + 300'000);
    received.receive();
    received.settle();
    CHECK(received.names() == std::vector{third, fourth, fifth + ".partial"});
    CHECK(received.points == received.commits);
    REQUIRE(received.tail());
    CHECK(received.tail()->begin == Lsn{5 * segment_bytes});
    CHECK(received.tail()->end == received.wal_.position());
    const CommitNumber settled = received.bench.store().last_commit();
    received.settle();
    CHECK(received.bench.store().last_commit() == settled);

    received.write_until(6 * segment_bytes);
    received.receive();
    received.settle();
    CHECK(received.names().at(2) == fifth);
    const auto segment =
        received.logs().segment_ending_after(received.source.id, 1, {5 * segment_bytes});
    CHECK(received.bench.text(view::content_of(*segment)) ==
          as_text(received.wal_.bytes_from({5 * segment_bytes}).first(segment_bytes)));
}

TEST_CASE("what is left in the tail of an upgraded cluster becomes its segments, and no more") {
    Received received;
    received.write_until(4 * segment_bytes);
    received.receive();
    received.settle();
    received.write_until(5 * segment_bytes + 300'000);
    received.receive();
    const System upgraded{2, small_stream().system_identifier + 1};
    const auto record = incarnation_of(received.bench.catalog(), received.source, upgraded, {1},
                                       received.bench.clock().now());
    received.bench.store().commit(record.changes);
    // As for a cluster of which nothing is stored.
    CHECK(received.begin({1}, {}, upgraded) == LogPlace{{1}, {80 * segment_bytes}});
    received.settle();
    CHECK(received.names() == std::vector{third, fourth, fifth + ".partial"});
    CHECK(received.names(record.incarnation.number).empty());
    CHECK(received.begin({1}, {}, upgraded) == LogPlace{{1}, {80 * segment_bytes}});
}

TEST_CASE("segments are stored while the tail takes more") {
    Received received;
    const store::TailId id{received.source.id, 1};
    TailFolder folder(
        {received.bench.catalog(), received.bench.cache(), received.source, received.bench.clock()},
        size);
    for (std::uint64_t number = 3; number < 6; ++number) {
        const Lsn begin{number * segment_bytes}, end{(number + 1) * segment_bytes};
        received.write_until(end.value + 100'000);
        received.receive();
        folder.put({id, begin, end, TailPart::Form::whole});
    }
    folder.finish();
    CHECK(folder.is_idle());
    CHECK(received.names() == std::vector{third, fourth, fifth});
    CHECK(received.tail()->begin == Lsn{6 * segment_bytes});
    folder.put({id, {9 * segment_bytes}, {10 * segment_bytes}, TailPart::Form::whole});
    CHECK_THROWS_AS(folder.finish(), Error);  // the tail does not have it
    CHECK_THROWS_AS(folder.put({id, {}, {1}, TailPart::Form::open}), Error);
}

TEST_CASE("a tail is read from and to any position, and what it lacks is damage") {
    Received received;
    received.write_until(3 * segment_bytes + 700'000);
    received.receive();
    const Lsn from{3 * segment_bytes + 123'456}, until = received.tail()->end;
    const store::TailId id{received.source.id, 1};
    TailFile file(received.bench.store(), id, from, until);
    Bytes all(until.value - from.value + 1);
    std::size_t count = 0;
    while (const std::size_t got = file.read(MutableBytes(all).subspan(count))) count += got;
    REQUIRE(count == all.size() - 1);
    CHECK(equal(ByteView(all).first(count), received.wal_.bytes_from(from)));
    TailFile before(received.bench.store(), id, {2 * segment_bytes}, until);
    CHECK_THROWS_AS(before.read(all), Error);
}

TEST_CASE("of a timeline that has ended nothing stays in its tail") {
    Received received;
    received.write_until(3 * segment_bytes + 400'000);
    received.receive();
    received.settle();
    const Lsn fork = received.wal_.position();
    received.wal_.set_timeline({2});
    received.write_until(4 * segment_bytes + 100'000);
    received.put_timeline(2, 1, fork);
    received.receive(2);
    received.settle();
    CHECK_FALSE(received.tail(1));
    CHECK(received.names(1) == std::vector{third + ".partial"});
    CHECK(received.names(2).size() == 2);
    CHECK(received.tail(2)->begin == Lsn{4 * segment_bytes});
}

TEST_CASE("the tails of a source that was purged go") {
    Received received;
    received.write_until(3 * segment_bytes + 400'000);
    received.receive();
    received.bench.catalog().purge_source("orders", received.bench.clock().now());
    received.receive();  // by one that has not noticed yet
    received.settle();
    CHECK_FALSE(received.tail());
    CHECK(received.names().empty());
}

TEST_CASE("a stream begins where the stored log ends") {
    Received received;
    CHECK(received.begin() == LogPlace{{1}, {80 * segment_bytes}});  // nothing is stored
    received.write_until(4 * segment_bytes + 400'000);
    received.receive();
    received.settle();
    const LogPlace end{{1}, received.wal_.position()};
    CHECK(received.begin() == end);  // in the midst of a segment, of which the tail has the rest
    const store::TailDrop drop{{received.source.id, 1}};
    received.bench.store().commit({}, {&drop, 1});
    CHECK(received.begin() == LogPlace{{1}, {4 * segment_bytes}});
}

TEST_CASE("a stream follows the timelines on the way to the server's") {
    Received received;
    received.write_until(4 * segment_bytes + 400'000);
    received.receive();
    received.settle();
    const Lsn end = received.wal_.position();
    const Lsn later{end.value + 800'000}, earlier{end.value - 200'000};
    CHECK(received.begin({2}, {{{1}, later, ""}}) == LogPlace{{1}, end});
    CHECK(received.begin({2}, {{{1}, end, ""}}) == LogPlace{{2}, {4 * segment_bytes}});
    CHECK(received.begin({2}, {{{1}, earlier, ""}}) == LogPlace{{2}, {4 * segment_bytes}});
    CHECK(received.begin({3}, {{{1}, end, ""}, {{2}, later, ""}}) ==
          LogPlace{{2}, {4 * segment_bytes}});
    received.put_timeline(2, 1, end);
    received.wal_.set_timeline({2});
    received.write_until(5 * segment_bytes + 10'000);
    received.receive(2, 4 * segment_bytes);
    CHECK(received.begin({2}, {{{1}, end, ""}}) == LogPlace{{2}, received.wal_.position()});
    CHECK_THROWS_AS(received.begin({1}), Error);  // a primary of before the failover
}
