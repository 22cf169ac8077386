// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/log.h>
#include <yore/format/restore_points.h>
#include <yore/view/moment.h>

#include <atomic>
#include <thread>

#include <nlohmann/json.hpp>

#include "view_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

/// Knows the trees of two positions.
class KnownTrees final : public view::Replay {
  public:
    std::map<LogPosition, NodeId> after;
    std::optional<NodeId> apply(std::uint32_t, const NodeId&,
                                const timeline::Plan& plan) const override {
        const auto found = after.find({plan.replay.back().end.value - 1});
        return found == after.end() ? std::nullopt : std::optional(found->second);
    }
};

/// A followed directory: a segment of its first scan, then one of two changes.
struct Followed {
    ViewFixture fixture;
    catalog::Logs logs{*fixture.store};
    KnownTrees trees;
    catalog::Source home = fixture.add("home");
    view::View view{fixture.catalog, fixture.cache, fixture.clock, &trees};

    NodeId tree_of(std::string_view text) {
        tree::DirectoryBuilder builder(*fixture.writer, fixture.bounds);
        builder.add(fixture.build(
            "root", Folder{.files = {{"n", fixture.file(text)}}, .folders = {}, .xattrs = {}}));
        return builder.finish().top;
    }
    /// Points at seconds after the first one, one position each.
    void add(std::uint64_t begin, const std::vector<std::int64_t>& seconds, std::string_view text) {
        format::RestorePointsBuilder points;
        for (std::size_t i = 0; i < seconds.size(); ++i)
            points.add({{begin + i}, Timestamp::from_seconds(first_second + seconds[i])});
        catalog::LogSegment segment;
        segment.source = home.id;
        segment.incarnation = 1;
        segment.name = fmt::format("{:08}", begin);
        segment.begin = {begin};
        segment.end = {begin + seconds.size()};
        segment.last_time = segment.newest_point = points.points().back().time;
        segment.points = fixture.writer->put_node(points.encode());
        segment.point_count = points.count();
        segment.tree_after.emplace().root = tree_of(text);
        auto changes = logs.add(segment);
        changes.push_back(catalog::Logs::put({home.id, 1, "journal-1", "", {}, {}}));
        fixture.writer->commit(changes);
    }
    std::optional<std::string> read_at(std::string_view moment) const {
        const auto file = view.resolve(fmt::format("home/at/{}/n", moment));
        return file ? std::optional(fixture.bytes(*file)) : std::nullopt;
    }
};

}  // namespace

TEST_CASE("A moment of a followed directory is a stored tree, or one that the journal leads to") {
    Followed followed;
    followed.add(0, {0}, "scanned");
    followed.add(1, {60, 120}, "second");
    followed.trees.after[{1}] = followed.tree_of("first");
    followed.fixture.writer->commit({});
    CHECK(followed.read_at("2026-11-21T02:00Z") == "scanned");
    CHECK(followed.read_at("2026-11-21T02:00:59Z") == "scanned");
    CHECK(followed.read_at("2026-11-21T02:01Z") == "first");
    CHECK(followed.read_at("2026-11-21T02:01:59.999Z") == "first");
    CHECK(followed.read_at("2026-11-21T02:02Z") == "second");
    CHECK(followed.read_at("latest") == "second");
    CHECK(followed.read_at("earliest") == "scanned");
    CHECK_FALSE(followed.read_at("2026-11-21T02:02:01Z"));
    CHECK_FALSE(followed.read_at("2026-11-21T01:59:59Z"));
    const auto latest = followed.view.resolve("home/at");
    REQUIRE(latest);
    CHECK(followed.view.link_target(*followed.view.lookup(*latest, "latest")) ==
          "2026-11-21T02-02-00.000Z");
    const auto plan = followed.view.resolve("home/at/2026-11-21T02:01Z.json");
    REQUIRE(plan);
    const auto json = nlohmann::json::parse(std::get<std::string>(followed.view.open(*plan)));
    CHECK(json["tree_after"] == "00000000");
    CHECK(json["log"][0]["begin"] == 1);
    CHECK(json["restore_point"] == "2026-11-21T02:01:00Z");
}

TEST_CASE("Moments are there while the segment that they are in grows") {
    Followed followed;
    followed.add(0, {0}, "scanned");
    followed.add(1, {60}, "growing");
    for (std::uint64_t at = 1; at <= 120; ++at)
        followed.trees.after[{at}] = followed.tree_of("growing");
    std::atomic<bool> is_done = false;
    std::jthread grower([&] {
        for (std::int64_t length = 2; length <= 120; ++length) {
            std::vector<std::int64_t> times;
            for (std::int64_t i = 1; i <= length; ++i) times.push_back(60 * i);
            followed.add(1, times, "growing");
        }
        is_done = true;
    });
    int opened = 0;
    for (; !is_done; ++opened) {
        CHECK(followed.read_at("latest") == "growing");
        CHECK(followed.view.resolve("home/at/latest.json"));
        CHECK(followed.view.resolve("home/windows.json"));
    }
    CHECK(opened > 10);
}

TEST_CASE("A moment that needs log is absent while nothing can apply it") {
    Followed followed;
    followed.add(0, {0}, "scanned");
    followed.add(1, {60, 120}, "second");
    CHECK_FALSE(followed.read_at("2026-11-21T02:01Z"));
    CHECK(followed.read_at("2026-11-21T02:02Z") == "second");
}

TEST_CASE("The calendar has a link for each second with a restore point") {
    Followed followed;
    followed.add(0, {0}, "scanned");
    followed.add(1, {60, 7200, 100'000}, "last");
    const auto names = [&](std::string_view path) {
        std::vector<std::string> all;
        const auto directory = followed.view.resolve(path);
        REQUIRE(directory);
        followed.view.list(*directory, 0, [&](const view::Listing& listing) {
            all.emplace_back(listing.name);
            return true;
        });
        return all;
    };
    using Names = std::vector<std::string>;
    CHECK(names("home/at") == Names{"2026-11-21", "2026-11-22", "earliest", "latest"});
    CHECK(names("home/at/2026-11-21") == Names{"02", "04"});
    CHECK(names("home/at/2026-11-21/02") == Names{"00", "01"});
    CHECK(names("home/at/2026-11-21/02/01") == Names{"00"});
    const auto minute_directory = followed.view.resolve("home/at/2026-11-22/05/46");
    REQUIRE(minute_directory);
    const auto link = followed.view.lookup(*minute_directory, "40");
    REQUIRE(link);
    CHECK(followed.view.link_target(*link) == "../../../2026-11-22T05-46-40.000Z");
    CHECK(followed.view.resolve("home/at/2026-11-22/05/46/40/n"));
    for (const char* path : {"2026-11-20", "2026-11-21/03", "2026-11-21/24", "2026-11-21/02/02",
                             "2026-11-21/02/00/01", "2026-11-21/2", "2026-11-21/02/00/60"})
        CHECK_FALSE(followed.view.resolve(fmt::format("home/at/{}", path)));
}

TEST_CASE("windows.json tells the bounds and their reasons") {
    Followed followed;
    followed.add(0, {0}, "scanned");
    followed.add(5, {60}, "after a gap");
    const auto node = followed.view.resolve("home/windows.json");
    REQUIRE(node);
    const auto windows = nlohmann::json::parse(followed.fixture.bytes(*node))["windows"];
    REQUIRE(windows.size() == 2);
    CHECK(windows[0]["first"]["reason"] == "first stored tree");
    CHECK(windows[0]["last"]["reason"] == "the log has a gap between 00000000 and 00000005");
    CHECK(windows[1]["incarnation"] == "journal-1");
    CHECK_FALSE(followed.read_at("2026-11-21T02:00:30Z"));
}

TEST_CASE("Times are read in every form that the command takes") {
    const Timestamp now = Timestamp::from_seconds(first_second + 12 * 3600);
    const auto time_of = [&](std::string_view text) -> std::optional<std::int64_t> {
        const auto moment = view::parse_moment(text, now);
        if (!moment || !std::holds_alternative<timeline::Moment>(*moment)) return std::nullopt;
        return std::get<Timestamp>(std::get<timeline::Moment>(*moment)).ns / 1'000'000'000 -
               first_second;
    };
    CHECK(time_of("yesterday 14:00") == -12 * 3600);
    CHECK(time_of("yesterday 14-00-05") == -12 * 3600 + 5);
    CHECK(time_of("today 02:00") == 0);
    CHECK(time_of("today 02:00+02:00") == -2 * 3600);
    CHECK(time_of("now-15m") == 12 * 3600 - 900);
    for (const char* text : {"yesterday", "yesterday 25:00", "tomorrow 02:00", "todaY 02:00"})
        CHECK_FALSE(view::parse_moment(text, now));
}

TEST_CASE("A position may name its timeline, and the system that has it") {
    const auto position_of = [](std::string_view text) {
        const auto moment = view::parse_moment(text, Timestamp{});
        return moment ? std::get<view::NamedPosition>(*moment) : view::NamedPosition{};
    };
    CHECK(position_of("sys2-tl1-lsn-0-3000060").system == 2);
    CHECK(position_of("sys2-tl1-lsn-0-3000060").timeline == 1);
    CHECK(std::get<LogPosition>(position_of("sys2-tl1-lsn-0-3000060").what) ==
          LogPosition{0x3000060});
    CHECK(position_of("sys1-xid-738").system == 1);
    CHECK_FALSE(position_of("sys1-xid-738").timeline);
    CHECK_FALSE(position_of("tl1-point-sys2").system);
    for (const char* text : {"sys-xid-7", "sysx-xid-7", "sys1-", "tl1-sys1-xid-7", "sys1-latest"})
        CHECK_FALSE(view::parse_moment(text, Timestamp{}));
}
