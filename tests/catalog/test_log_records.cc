// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/catalog/references.h>

#include "catalog/log_records.h"
#include "golden_files.h"

using namespace yore;
using namespace yore::catalog;
using namespace yore::test;

namespace {

constexpr LogKey log_key_of_examples{7, 2};

LogIncarnation example_incarnation() {
    return {7, 2, "tl2", "7301", {1'795'226'400'000'000'000}, LogIncarnation::Fork{1, {0x3000060}}};
}

StoredSegment example_segment() {
    LogSegment segment;
    segment.source = 7;
    segment.incarnation = 2;
    segment.sequence = 3;
    segment.name = "000000020000000000000003";
    segment.begin = {0x3000000};
    segment.end = {0x4000000};
    segment.first_time = {1'795'226'400'000'000'000};
    segment.last_time = {1'795'226'401'000'000'000};
    segment.bytes = 300;
    SegmentExtent extent{300, {}, 5};
    fill(extent.chunk.bytes, 0x20);
    segment.extents = {extent};
    fill(segment.points.emplace().bytes, 0x40);
    segment.point_count = 9;
    segment.newest_point = {1'795'226'400'900'000'000};
    fill(segment.tree_after.emplace().root.bytes, 0x60);
    segment.tree_after->bytes = 1;
    segment.tree_after->files = 2;
    segment.tree_after->directories = 3;
    segment.tree_after->others = 4;
    return {segment, {1'795'226'400'950'000'000}};
}

/// Of a followed directory.
StoredSegment example_journal_segment() {
    StoredSegment stored = example_segment();
    fill(stored.segment.entries.emplace().bytes, 0x80);
    return stored;
}

/// In which a cluster was started with other settings, and got a tablespace.
StoredSegment example_demanding_segment() {
    StoredSegment stored = example_segment();
    stored.segment.demands = {{{0x3000100}, "max_connections", 150},
                              {{0x3000200}, "tablespace", 16385, "/srv/space"}};
    return stored;
}

LogSpan example_span() {
    return {7,
            2,
            {10},
            {20},
            {1'795'226'400'000'000'000},
            {1'795'226'460'000'000'000},
            LogSpan::Kind::uncertain,
            "the event queue overflowed"};
}

ParsedLogKey at(LogPosition position) {
    return {log_key_of_examples, position};
}

}  // namespace

TEST_CASE("records of logs have the bytes of the golden files") {
    CHECK(to_hex(encode(example_incarnation())) == golden("log-incarnation-1.hex"));
    CHECK(to_hex(encode(example_segment())) == golden("log-segment-1.hex"));
    CHECK(to_hex(encode(example_journal_segment())) == golden("log-segment-2.hex"));
    CHECK(to_hex(encode(example_demanding_segment())) == golden("log-segment-3.hex"));
    CHECK(to_hex(encode(example_span())) == golden("log-span-1.hex"));
    CHECK(to_hex(encode(LogRun{{5}, {9}})) == golden("log-run-1.hex"));
    CHECK(to_hex(log_key(LogFamily::segment, log_key_of_examples, {0x4000000})) ==
          golden("log-segment-key-1.hex"));
    CHECK(to_hex(segment_time_key({log_key_of_examples, {-1}, {9}})) ==
          golden("log-time-key-1.hex"));
}

TEST_CASE("golden records of logs are read") {
    const auto stored = [](const char* name) { return from_hex(golden(name)); };
    CHECK(decode_incarnation(log_key_of_examples, stored("log-incarnation-1.hex")) ==
          example_incarnation());
    const StoredSegment segment =
        decode_segment(at(example_segment().segment.end), stored("log-segment-1.hex"));
    CHECK(segment.segment == example_segment().segment);
    CHECK(segment.newest_so_far == example_segment().newest_so_far);
    CHECK(decode_segment(at({0x4000000}), stored("log-segment-2.hex")).segment ==
          example_journal_segment().segment);
    CHECK(decode_segment(at({0x4000000}), stored("log-segment-3.hex")).segment ==
          example_demanding_segment().segment);
    CHECK(decode_span(at({20}), stored("log-span-1.hex")) == example_span());
    CHECK(decode_run(at({5}), stored("log-run-1.hex")) == LogRun{{5}, {9}});
}

TEST_CASE("a record of a log under the key of another is corrupt") {
    const auto is_corrupt = [](auto&& body) { return code_thrown_by(body) == Errc::corrupt; };
    CHECK(is_corrupt([] { decode_segment(at({0x3000000}), encode(example_segment())); }));
    CHECK(is_corrupt([] { decode_segment(at({0x4000000}), encode(example_span())); }));
    CHECK(is_corrupt([] { decode_span(at({10}), encode(example_span())); }));
    CHECK(is_corrupt([] { decode_run(at({9}), encode(LogRun{{5}, {9}})); }));
    CHECK(is_corrupt([] { decode_incarnation({7, 1}, encode(example_incarnation())); }));
    LogSpan newer = example_span();
    newer.kind = LogSpan::Kind{9};
    CHECK(code_thrown_by([&] { decode_span(at({20}), encode(newer)); }) == Errc::unsupported);
}

TEST_CASE("a segment keeps alive its bytes, its points, its entries and the tree after it") {
    const LogSegment segment = example_journal_segment().segment;
    const References kept =
        references_of(log_key(LogFamily::segment, log_key_of_examples, segment.end),
                      encode(example_journal_segment()));
    CHECK(kept.trees == std::vector{segment.tree_after->root, *segment.entries});
    CHECK(kept.nodes == std::vector{*segment.points});
    CHECK(kept.chunks == std::vector{segment.extents[0].chunk});
}

TEST_CASE("damaged records of logs give an error or a value, nothing else") {
    survives_damage(encode(example_incarnation()),
                    [](ByteView b) { decode_incarnation(log_key_of_examples, b); });
    survives_damage(encode(example_demanding_segment()),
                    [](ByteView b) { decode_segment(at({0x4000000}), b); });
    survives_damage(encode(example_span()), [](ByteView b) { decode_span(at({20}), b); });
    survives_damage(encode(LogRun{{5}, {9}}), [](ByteView b) { decode_run(at({5}), b); });
}

TEST_CASE("keys of logs sort by source, incarnation and position, or time and position") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    const auto number = [&] { return static_cast<std::uint32_t>(1 + random.below(300)); };
    for (int i = 0; i < 20'000; ++i) {
        const LogKey a{number(), number()}, b{random.below(2) == 0 ? a.source : number(), number()};
        const LogPosition p{random.next() >> random.below(64)},
            q{random.next() >> random.below(64)};
        const Bytes first = log_key(LogFamily::segment, a, p);
        REQUIRE((first < log_key(LogFamily::segment, b, q)) == (std::tie(a, p) < std::tie(b, q)));
        REQUIRE(parse_log_key(LogFamily::segment, first).position == p);
        const Timestamp s{static_cast<std::int64_t>(random.next())};
        const Timestamp t{random.below(2) == 0 ? s.ns : static_cast<std::int64_t>(random.next())};
        const SegmentTimeKey timed{a, s, p};
        REQUIRE(parse_segment_time_key(segment_time_key(timed)) == timed);
        REQUIRE((segment_time_key(timed) < segment_time_key({b, t, q})) ==
                (std::tie(a, s, p) < std::tie(b, t, q)));
        REQUIRE(parse_incarnation_key(incarnation_key(a)) == a);
    }
}
