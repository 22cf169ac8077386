// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "ingest/file_pace.h"

using namespace yore;
using namespace yore::ingest;

namespace {

constexpr std::int64_t ms = 1'000'000;

/// A file that changes all the time, at which somebody looks every 100 ms; how often it is read.
int readings(FilePace& pace, std::int64_t begin_ms, std::int64_t end_ms, Duration took) {
    int count = 0;
    for (std::int64_t at = begin_ms; at < end_ms; at += 100) {
        const Timestamp now{at * ms};
        if (!pace.may_read(1, now, now)) continue;
        pace.was_read(1, now, took);
        ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("A file that is never quiet is read at once a few times, and then at intervals") {
    FilePace pace({seconds(1), seconds(5), 4});
    CHECK(readings(pace, 0, 400, {}) == 4);
    CHECK(readings(pace, 400, 60'000, {}) == 11);
}

TEST_CASE("A file that takes long to be read takes a tenth of the time at most") {
    FilePace pace({seconds(1), seconds(5), 4});
    CHECK(readings(pace, 0, 100'000, seconds(2)) == 5);
}

TEST_CASE("A file is read once it is quiet, and then a few times at once again") {
    FilePace pace({seconds(1), seconds(5), 4});
    readings(pace, 0, 2'000, {});
    const Timestamp changed{2'000 * ms};
    CHECK_FALSE(pace.may_read(1, changed, {2'500 * ms}));
    CHECK(pace.may_read(1, changed, {3'000 * ms}));
    CHECK(pace.may_read(2, changed, changed));
    CHECK(readings(pace, 20'000, 20'400, {}) == 4);
}

TEST_CASE("What was forgotten, or lies in the future, holds no file back") {
    FilePace pace({seconds(1), seconds(5), 4});
    readings(pace, 100'000, 101'000, {});
    const Timestamp now{101'000 * ms}, before{50'000 * ms};
    CHECK_FALSE(pace.may_read(1, now, now));
    CHECK(pace.may_read(1, before, before));
    pace.forget(now);
    CHECK_FALSE(pace.may_read(1, now, now));
    const Timestamp later{120'000 * ms};
    pace.forget(later);
    CHECK(pace.may_read(1, now, now));
}

TEST_CASE("Directories with files that were put off are told once") {
    FilePace pace({});
    pace.put_off("a");
    pace.put_off("a");
    pace.put_off("");
    CHECK(pace.take_put_off() == std::set<std::string>{"", "a"});
    CHECK(pace.take_put_off().empty());
}
