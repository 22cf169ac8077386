// SPDX-License-Identifier: Apache-2.0
#include <yore/format/restore_points.h>

#include <algorithm>

#include "golden.h"

using namespace yore;
using namespace yore::format;

namespace {

std::vector<RestorePoint> example() {
    return {{{100}, {1'795'226'400'000'001'000}, 7, {}},
            {{250}, {1'795'226'400'000'003'000}, 9, "before upgrade"},
            {{251}, {1'795'226'399'000'000'000}, 8, {}}};
}

RestorePointsBuilder collect(const std::vector<RestorePoint>& points) {
    RestorePointsBuilder builder;
    for (const RestorePoint& point : points) builder.add(point);
    return builder;
}

/// Steps of all sizes, clocks that step back, some lists without ids and labels.
std::vector<RestorePoint> random_points(SeededRandom& random) {
    const std::size_t count = 1 + random.below(random.below(4) == 0 ? 1000 : 5);
    const std::int64_t unit = random.below(2) == 0 ? 1000 : 1;
    const bool with_ids = random.below(2) == 0, with_labels = random.below(3) == 0;
    std::vector<RestorePoint> points;
    RestorePoint point{{random.below(1u << 20)}, {1'795'226'400'000'000'000}};
    for (std::size_t i = 0; i < count; ++i) {
        point.position.value += 1 + random.below(random.below(10) == 0 ? 1ull << 40 : 600);
        point.time.ns += unit * (static_cast<std::int64_t>(random.below(1'000'000)) -
                                 (random.below(20) == 0 ? 5'000'000 : 1000));
        if (with_ids) point.id = random.below(1000);
        point.label =
            with_labels && random.below(5) == 0 ? fmt::format("p{}", random.below(9)) : "";
        points.push_back(point);
    }
    return points;
}

template <typename Match>
std::optional<std::uint32_t> first_with(const std::vector<RestorePoint>& points, Match&& match) {
    const auto found = std::ranges::find_if(points, match);
    if (found == points.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - points.begin());
}

void check_lookups(const RestorePoints& list, const std::vector<RestorePoint>& points,
                   SeededRandom& random) {
    for (int i = 0; i < 20; ++i) {
        const auto place = static_cast<std::uint32_t>(random.below(points.size()));
        const RestorePoint& near = points[place];
        REQUIRE(list.at(place) == near);
        const Timestamp time{near.time.ns + static_cast<std::int64_t>(random.below(3)) - 1};
        REQUIRE(list.first_later_than(time) ==
                first_with(points, [&](const RestorePoint& p) { return p.time > time; }));
        const LogPosition position{near.position.value + random.below(3) - 1};
        const auto behind = first_with(points, [&](const RestorePoint& p) {
                                return p.position > position;
                            }).value_or(static_cast<std::uint32_t>(points.size()));
        REQUIRE(list.last_at_or_before(position) ==
                (behind == 0 ? std::nullopt : std::optional(behind - 1)));
        if (near.id != 0)
            REQUIRE(list.with_id(near.id) ==
                    first_with(points, [&](const RestorePoint& p) { return p.id == near.id; }));
    }
}

}  // namespace

TEST_CASE("A list of restore points has its golden bytes") {
    const Bytes golden = test::from_hex(
        "59525031 03 01 0000 03000000 0a000000"
        "6400000000000000 e8436737e6ece918 b84b6737e6ece918 0a000000"
        "9601 01  04 85897a  0e 04 01"
        "01000000 01000000 0e 6265666f72652075706772616465");
    CHECK(collect(example()).encode() == golden);
    CHECK_NOTHROW(check_restore_points(golden));
    CHECK(RestorePoints(golden).all() == example());
}

TEST_CASE("What was added is read back, and found by position, time, id and label") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    for (int round = 0; round < 200; ++round) {
        const auto points = random_points(random);
        const Bytes node = collect(points).encode();
        REQUIRE_NOTHROW(check_restore_points(node));
        const RestorePoints list(node);
        REQUIRE(list.count() == points.size());
        REQUIRE(list.all() == points);
        check_lookups(list, points, random);
        std::optional<std::uint32_t> last;
        for (std::uint32_t i = 0; i < points.size(); ++i)
            if (points[i].label == "p3") last = i;
        REQUIRE(list.with_label("p3") == last);
    }
}

TEST_CASE("Points that do not ascend, and labels that are too long, are refused") {
    RestorePointsBuilder builder = collect(example());
    CHECK(test::code_thrown_by([&] { builder.add({{251}, {}}); }) == Errc::invalid);
    CHECK(test::code_thrown_by([&] {
              builder.add({{252}, {}, 0, std::string(256, 'x')});
          }) == Errc::invalid);
    CHECK_NOTHROW(builder.add({{252}, {}, 0, std::string(255, 'x')}));
}

TEST_CASE("A damaged list of restore points is refused, or can be read to its end") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    auto points = random_points(random);
    points.resize(std::min<std::size_t>(points.size(), 200));
    for (const auto& list : {example(), points}) {
        const Bytes sound = collect(list).encode();
        for (std::size_t size = 0; size < sound.size(); ++size)
            CHECK_THROWS_AS(check_restore_points(ByteView(sound).first(size)), Error);
        for (std::size_t at = 0; at < sound.size(); ++at) {
            Bytes damaged = sound;
            damaged[at] ^= static_cast<std::byte>(1u << random.below(8));
            try {
                check_restore_points(damaged);
            } catch (const Error&) {
                continue;
            }
            CHECK(RestorePoints(damaged).all().size() == RestorePoints(damaged).count());
        }
    }
}

TEST_CASE("A commit takes some five bytes") {
    RestorePointsBuilder builder;
    SeededRandom random(1);
    RestorePoint point{{1u << 24}, {1'795'226'400'000'000'000}, 1000};
    for (int i = 0; i < 30'000; ++i) {
        point.position.value += 400 + random.below(200);
        point.time.ns += 1000 * static_cast<std::int64_t>(random.below(1000));
        ++point.id;
        builder.add(point);
    }
    CHECK(builder.encode().size() < 30'000 * 6);
}
