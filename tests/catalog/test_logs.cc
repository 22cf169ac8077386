// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/catalog/log.h>

#include <algorithm>
#include <map>

#include "../support.h"
#include "memory_store.h"

using namespace yore;
using namespace yore::catalog;

namespace {

constexpr std::uint32_t source = 7, incarnation = 2;

LogSegment segment_of(std::uint64_t begin, std::uint64_t end, std::optional<std::int64_t> newest) {
    LogSegment segment;
    segment.source = source;
    segment.incarnation = incarnation;
    segment.sequence = begin;
    segment.name = fmt::format("{:08}", begin);
    segment.begin = {begin};
    segment.end = {end};
    if (newest) {
        segment.points = NodeId{};
        segment.point_count = 3;
        segment.newest_point = {*newest};
    }
    return segment;
}

struct Log {
    test::MemoryStore memory;
    Logs logs{memory.store};

    bool add(const LogSegment& segment) {
        const auto changes = logs.add(segment);
        if (!changes.empty()) memory.store.commit(changes);
        return !changes.empty();
    }
    std::vector<LogSegment> all() const {
        std::vector<LogSegment> segments;
        logs.scan_segments(source, incarnation, {}, [&](const LogSegment& segment) {
            segments.push_back(segment);
            return true;
        });
        return segments;
    }
};

/// What the records must say, from nothing but the list of segments.
class Model {
  public:
    void add(const LogSegment& segment) {
        for (const auto& [end, other] : segments)
            if (other.begin <= segment.begin && segment.end <= other.end) return;
        std::erase_if(segments, [&](const auto& item) {
            return segment.begin <= item.second.begin && item.second.end <= segment.end;
        });
        segments[segment.end] = segment;
    }
    bool overlaps(const LogSegment& segment) const {
        return std::ranges::any_of(segments, [&](const auto& item) {
            const LogSegment& other = item.second;
            const bool apart = other.end <= segment.begin || segment.end <= other.begin;
            const bool inside = other.begin <= segment.begin && segment.end <= other.end;
            const bool covered = segment.begin <= other.begin && other.end <= segment.end;
            return !apart && !inside && !covered;
        });
    }
    std::vector<LogRun> runs() const {
        std::vector<LogRun> all;
        for (const auto& [end, segment] : segments) {
            if (!all.empty() && all.back().end == segment.begin)
                all.back().end = end;
            else
                all.push_back({segment.begin, end});
        }
        return all;
    }
    std::vector<LogSegment> values() const {
        std::vector<LogSegment> all;
        for (const auto& [end, segment] : segments) all.push_back(segment);
        return all;
    }
    std::optional<LogSegment> later_than(Timestamp time) const {
        for (const auto& [end, segment] : segments)
            if (segment.points && segment.newest_point > time) return segment;
        return std::nullopt;
    }

    std::map<LogPosition, LogSegment> segments;
};

void check_agrees(const Log& log, const Model& model, SeededRandom& random) {
    const auto values = model.values();
    REQUIRE(log.all() == values);
    REQUIRE(log.logs.runs(source, incarnation) == model.runs());
    for (int i = 0; i < 10; ++i) {
        const LogPosition position{random.below(120)};
        const auto behind = model.segments.upper_bound(position);
        const auto expected =
            behind == model.segments.end() ? std::nullopt : std::optional(behind->second);
        REQUIRE(log.logs.segment_ending_after(source, incarnation, position) == expected);
        const Timestamp time{static_cast<std::int64_t>(random.below(120))};
        REQUIRE(log.logs.segment_later_than(source, incarnation, time) == model.later_than(time));
    }
}

/// At which times there are restore points: by and large the clock goes with the log, and now and
/// then it does not.
using Clockwork = std::map<std::uint64_t, std::int64_t>;
Clockwork random_clock(SeededRandom& random) {
    Clockwork times;
    for (std::uint64_t position = 0; position < 120; ++position) {
        if (random.below(3) == 0) continue;
        const bool is_odd = random.below(20) == 0;
        times[position] = static_cast<std::int64_t>(is_odd ? random.below(120) : position);
    }
    return times;
}

LogSegment random_segment(SeededRandom& random, const Clockwork& times) {
    const std::uint64_t begin = random.below(100) / 4 * 4;
    std::uint64_t length = 4 * (1 + random.below(2));
    if (random.below(8) == 0) length = 1 + random.below(6);
    std::optional<std::int64_t> newest;
    for (auto point = times.lower_bound(begin);
         point != times.end() && point->first < begin + length; ++point)
        newest = std::max(newest, std::optional(point->second));
    return segment_of(begin, begin + length, newest);
}

}  // namespace

TEST_CASE("segments in any order, doubled, whole after partial: the records agree with a model") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    for (int round = 0; round < 40; ++round) {
        Log log;
        Model model;
        const Clockwork times = random_clock(random);
        for (int step = 0; step < 40; ++step) {
            const LogSegment segment = random_segment(random, times);
            if (model.overlaps(segment)) {
                CHECK_THROWS_AS(log.logs.add(segment), Error);
                continue;
            }
            log.add(segment);
            model.add(segment);
            check_agrees(log, model, random);
        }
    }
}

TEST_CASE("removing segments splits and ends runs, and what is left is found by position") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    for (int round = 0; round < 30; ++round) {
        Log log;
        Model model;
        std::uint64_t begin = 0;
        for (int i = 0; i < 20; ++i) {
            const LogSegment segment = segment_of(begin, begin + 4, static_cast<int>(begin));
            log.add(segment);
            model.add(segment);
            begin += random.below(5) == 0 ? 8 : 4;
        }
        while (!model.segments.empty()) {
            std::vector<LogSegment> victims;
            for (const auto& segment : model.values())
                if (random.below(4) == 0) victims.push_back(segment);
            log.memory.store.commit(log.logs.remove(victims));
            for (const auto& victim : victims) model.segments.erase(victim.end);
            check_agrees(log, model, random);
        }
        CHECK(log.memory.records() == 0);
    }
}

TEST_CASE("a log that grows by segments that follow on each other removes no record") {
    Log log;
    for (unsigned begin = 0; begin < 40; begin += 4) {
        const auto changes = log.logs.add(segment_of(begin, begin + 4, static_cast<int>(begin)));
        CHECK(std::ranges::all_of(changes, [](const auto& c) { return c.value.has_value(); }));
        log.memory.store.commit(changes);
    }
}

TEST_CASE("a time means what it meant also when older segments are gone") {
    Log log;
    for (const auto& [begin, newest] : {std::pair{0, 50}, {4, 20}, {8, 60}})
        log.add(segment_of(static_cast<unsigned>(begin), static_cast<unsigned>(begin) + 4, newest));
    // 20 was reached by a clock that had been set back: a time of 30 lies before it.
    CHECK(log.logs.segment_later_than(source, incarnation, {30})->begin == LogPosition{0});
    const LogSegment oldest[] = {segment_of(0, 4, 50)};
    log.memory.store.commit(log.logs.remove(oldest));
    CHECK(log.logs.segment_later_than(source, incarnation, {30})->begin == LogPosition{4});
    CHECK(log.logs.segment_later_than(source, incarnation, {55})->begin == LogPosition{8});
    CHECK_FALSE(log.logs.segment_later_than(source, incarnation, {60}));
}

TEST_CASE("spans are found behind a position, and never overlap") {
    Log log;
    const auto span = [](std::uint64_t after, std::uint64_t until) {
        return LogSpan{source,
                       incarnation,
                       {after},
                       {until},
                       {10},
                       {20},
                       LogSpan::Kind::lost,
                       "the event queue overflowed"};
    };
    log.memory.store.commit(log.logs.add(span(10, 20)));
    log.memory.store.commit(log.logs.add(span(20, 30)));
    CHECK(test::code_thrown_by([&] { log.logs.add(span(15, 16)); }) == Errc::invalid);
    CHECK(test::code_thrown_by([&] { log.logs.add(span(5, 11)); }) == Errc::invalid);
    CHECK(test::code_thrown_by([&] { log.logs.add(span(40, 40)); }) == Errc::invalid);
    const auto first_behind = [&](std::uint64_t after) {
        std::optional<LogSpan> found;
        log.logs.scan_spans(source, incarnation, {after}, [&](const LogSpan& each) {
            found = each;
            return false;
        });
        return found;
    };
    CHECK(first_behind(19) == span(10, 20));
    CHECK(first_behind(20) == span(20, 30));
    CHECK_FALSE(first_behind(30));
    const store::RecordChange gone[] = {Logs::remove(span(20, 30))};
    log.memory.store.commit(gone);
    CHECK_FALSE(first_behind(20));
}

TEST_CASE("incarnations are read back in their order, with what they continue") {
    Log log;
    const LogIncarnation one{source, 1, "tl1", "7301", {5}, {}};
    const LogIncarnation two{source, 2, "tl2", "7301", {9}, LogIncarnation::Fork{1, {77}}};
    const store::RecordChange changes[] = {Logs::put(two), Logs::put(one)};
    log.memory.store.commit(changes);
    CHECK(log.logs.incarnations(source) == std::vector{one, two});
    LogIncarnation odd = two;
    odd.fork->parent = 2;
    CHECK(test::code_thrown_by([&] { Logs::put(odd); }) == Errc::invalid);
    odd = two;
    odd.name = "a/b";
    CHECK(test::code_thrown_by([&] { Logs::put(odd); }) == Errc::invalid);
}

TEST_CASE("segments that could not be read back are refused") {
    Log log;
    LogSegment segment = segment_of(5, 5, {});
    CHECK(test::code_thrown_by([&] { log.logs.add(segment); }) == Errc::invalid);
    segment = segment_of(5, 6, {});
    segment.bytes = 1;
    CHECK(test::code_thrown_by([&] { log.logs.add(segment); }) == Errc::invalid);
    segment.extents = {{1, ChunkId{}, store::chunk_bytes_max}};
    CHECK(test::code_thrown_by([&] { log.logs.add(segment); }) == Errc::invalid);
    segment.extents = {{1, ChunkId{}, 9}};
    CHECK_NOTHROW(log.logs.add(segment));
    segment.name = "..";
    CHECK(test::code_thrown_by([&] { log.logs.add(segment); }) == Errc::invalid);
}
