// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/catalog/catalog.h>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;
using catalog::SnapshotName;

namespace {

constexpr std::int64_t second_of_2026 = 1'795'226'400;  // 2026-11-21T02:00:00Z
Timestamp at(std::int64_t second, std::uint32_t ns = 0) {
    return Timestamp::from_seconds(second, ns);
}

}  // namespace

TEST_CASE("a snapshot's name is its second, and its ordinal from the second one on") {
    CHECK(SnapshotName{second_of_2026, 1}.text() == "2026-11-21T02-00-00Z");
    CHECK(SnapshotName{second_of_2026, 2}.text() == "2026-11-21T02-00-00Z-0002");
    CHECK(SnapshotName{second_of_2026, 9999}.text() == "2026-11-21T02-00-00Z-9999");
    CHECK(SnapshotName{-1, 1}.text() == "1969-12-31T23-59-59Z");
}

TEST_CASE("only the text of a name is parsed as one") {
    for (const SnapshotName name :
         {SnapshotName{second_of_2026, 1}, SnapshotName{0, 17}, SnapshotName{-86'401, 9999}})
        CHECK(SnapshotName::parse(name.text()) == name);
    for (const char* text :
         {"", "latest", "now", "2026-11-21", "2026-11-21T02:00:00Z", "2026-11-21 02-00-00Z",
          "2026-11-21T02-00-00z", "2026-11-21T02-00-00Z-", "2026-11-21T02-00-00Z-0001",
          "2026-11-21T02-00-00Z-0000", "2026-11-21T02-00-00Z-2", "2026-11-21T02-00-00Z-00002",
          "2026-11-21T02-00-00Z-+002", "2026-11-21T02-00-00Z_0002", "2026-11-21T02-00-00.5Z",
          "2026-13-21T02-00-00Z", "2026-11-21T02-00-60Z", "2026-11-21T02-00-00Z-0002 "}) {
        CAPTURE(text);
        CHECK_FALSE(SnapshotName::parse(text));
    }
}

TEST_CASE(
    "a snapshot after a clock that was set back gets the newest's second and the next ordinal") {
    CHECK(SnapshotName::after({}, at(50, 999)) == SnapshotName{50, 1});
    CHECK(SnapshotName::after({}, at(-1, 500'000'000)) == SnapshotName{-1, 1});
    CHECK(SnapshotName::after(SnapshotName{50, 1}, at(51)) == SnapshotName{51, 1});
    CHECK(SnapshotName::after(SnapshotName{50, 1}, at(50, 999'999'999)) == SnapshotName{50, 2});
    CHECK(SnapshotName::after(SnapshotName{50, 2}, at(20)) == SnapshotName{50, 3});
    CHECK(SnapshotName::after(SnapshotName{50, 9999}, at(20)) == SnapshotName{51, 1});
    CHECK(SnapshotName::after(SnapshotName{51, 1}, at(51)) == SnapshotName{51, 2});
}

TEST_CASE("whatever the clock does, names are unique and their texts sort in their order") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    std::int64_t clock = second_of_2026;
    SnapshotName newest = SnapshotName::after({}, at(clock));
    for (int i = 0; i < 50'000; ++i) {
        if (random.below(100) == 0)
            clock += static_cast<std::int64_t>(random.below(200'000)) - 100'000;
        if (random.below(3) == 0) ++clock;
        const SnapshotName next = SnapshotName::after(newest, at(clock));
        REQUIRE(newest < next);
        REQUIRE(newest.text() < next.text());
        REQUIRE(SnapshotName::parse(next.text()) == next);
        newest = next;
    }
}

TEST_CASE("source names fit a directory of the mount") {
    for (const char* name : {"home", "a", "9", "web-01.example_net", "latest"})
        CHECK_NOTHROW(catalog::check_source_name(name));
    for (const std::string& name :
         {std::string(), std::string(101, 'a'), std::string("."), std::string(".x"),
          std::string("-x"), std::string("a/b"), std::string("a b"), std::string("at"),
          std::string("README.txt"), std::string("a\0b", 3), std::string("ä")}) {
        CAPTURE(name);
        CHECK_THROWS_AS(catalog::check_source_name(name), Error);
    }
    CHECK_NOTHROW(catalog::check_source_name(std::string(100, 'a')));
}
