// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/log.h>
#include <yore/format/restore_points.h>

#include "command_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

/// A source with a log of one segment each hour for the last ten hours, the tree of one snapshot
/// after each: `s0`, ten hours ago, to `s9`.
struct Followed {
    Followed() {
        repo.write("f", "content");
        repo.snapshot();
        home = *catalog.source("home");
        for (std::uint64_t i = 0; i < 10; ++i) add(i);
        const store::RecordChange line[] = {
            catalog::Logs::put({home.id, 1, "journal-1", "", {}, {}}),
            logs.add({home.id, 1, {3}, {4}, at(3), at(4), catalog::LogSpan::Kind::uncertain, "x"})
                .front()};
        catalog.store().commit(line);
    }
    Timestamp at(std::uint64_t hour) const {
        return began + seconds(3600 * static_cast<std::int64_t>(hour));
    }
    void add(std::uint64_t hour) {
        format::RestorePointsBuilder points;
        points.add({{hour}, at(hour)});
        const auto writer = catalog.store().write();
        catalog::LogSegment segment;
        segment.source = home.id;
        segment.incarnation = 1;
        segment.sequence = hour + 1;
        segment.name = fmt::format("s{}", hour);
        segment.begin = {hour};
        segment.end = {hour + 1};
        segment.first_time = segment.last_time = segment.newest_point = at(hour);
        segment.points = writer->put_node(points.encode());
        segment.point_count = 1;
        segment.tree_after.emplace().root = catalog.latest(home.id)->root;
        writer->commit(logs.add(segment));
    }
    Names segments() { return repo.run(way, "log-list", asked).texts("segment", "name"); }
    std::optional<Errc> failure_at(std::uint64_t hour) {
        return repo.failure(way, "ls", {{"moment", "home@" + to_rfc3339(at(hour) + seconds(60))}});
    }

    const Way way = either_way();
    CommandFixture repo;
    catalog::Catalog& catalog = repo.owner->context().catalog();
    catalog::Logs logs{catalog.store()};
    catalog::Source home;
    const Timestamp began = repo.clock.now() + seconds(-10 * 3600);
    const nlohmann::json asked{{"source", "home"}};
};

}  // namespace

TEST_CASE("a window keeps the log that its moments need, and no more") {
    Followed world;
    CHECK(world.repo.run(world.way, "prune", nlohmann::json::object()).result["segments"] == 0);
    const nlohmann::json policy{{"sources", {"home"}}, {"window", "5h"}};
    auto asked = policy;
    asked["dry_run"] = true;
    CHECK(world.repo.run(world.way, "prune", asked).result["segments"] == 5);
    CHECK(world.segments().size() == 10);

    const auto pruned = world.repo.run(world.way, "prune", policy);
    CHECK(pruned.result["segments"] == 5);
    REQUIRE(pruned.of("log").size() == 1);
    CHECK(pruned.of("log")[0]["segments"] == 5);
    CHECK(world.segments() == Names{"s5", "s6", "s7", "s8", "s9"});
    CHECK(world.repo.run(world.way, "log-list", world.asked).of("span").empty());
    CHECK(world.failure_at(4) == Errc::not_found);
    for (const std::uint64_t hour : {5, 8}) CHECK(world.failure_at(hour) == std::nullopt);
    const auto from = pruned.texts("window", "from").at(0);
    CHECK(*parse_time(from, {}) >= world.at(5));
    CHECK(*parse_time(from, {}) < world.at(6));
    CHECK(world.repo.run(world.way, "prune", policy).result["segments"] == 0);
    world.add(10);  // who feeds the log goes on
    CHECK(world.segments().size() == 6);
}

TEST_CASE("a hold keeps the log of its moment, the oldest snapshot all behind it") {
    Followed world;
    world.repo.run(world.way, "hold-add",
                   {{"moment", "home@" + to_rfc3339(world.at(2) + seconds(60))}});
    const nlohmann::json window{{"sources", {"home"}}, {"window", "5h"}};
    CHECK(world.repo.run(world.way, "prune", window).result["segments"] == 2);
    CHECK(world.failure_at(2) == std::nullopt);
    world.repo.run(world.way, "hold-release", {{"hold", 1}});
    // The snapshot is newer than all of the log: its last tree stays.
    const nlohmann::json last{{"sources", {"home"}}, {"keep_last", 1}};
    CHECK(world.repo.run(world.way, "prune", last).result["segments"] == 7);
    CHECK(world.segments() == Names{"s9"});
    CHECK_FALSE(
        world.repo.run(world.way, "verify", nlohmann::json::object()).result.contains("exit_code"));
}
