// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/log.h>
#include <yore/command/followers.h>
#include <yore/ingest/follow.h>

#include <future>
#include <thread>

#include "command_fixture.h"

using namespace yore;
using namespace yore::test;
using command::FollowerStatus;

namespace {

/// The followers of a source `home`, by a clock that stands still.
struct World {
    World() : followers(repo.owner->context().catalog(), clock) {
        repo.write("f", "content");
        repo.run(Way::here, "source-add", {{"name", "home"}, {"directory", repo.source()}});
        home = *repo.owner->context().catalog().source("home");
    }
    FollowerStatus only() const {
        const auto all = followers.list();
        REQUIRE(all.size() == 1);
        return all.front();
    }
    ingest::Followed followed(std::uint64_t moments, Duration lag) const {
        ingest::Followed now;
        now.moments = now.records = moments;
        now.lag = lag;
        now.known_until = clock.now();
        return now;
    }

    CommandFixture repo;
    VirtualClock clock{Timestamp::from_seconds(1'000'000)};
    command::Followers followers;
    catalog::Source home;
};

}  // namespace

TEST_CASE("a follower is listed while it follows, and one at a time has the turn") {
    World world;
    CHECK(world.followers.list().empty());
    auto turn = world.followers.take_turn(world.home);
    CHECK(world.only().state == FollowerStatus::State::starting);
    CHECK_THROWS_AS(world.followers.take_turn(world.home), Error);
    world.followers.note(world.home, world.followed(1, seconds(7)));
    const auto first = world.only();
    CHECK(first.state == FollowerStatus::State::following);
    CHECK(first.lags.count() == 0);  // the first look waited for no event
    CHECK(first.known_until == world.clock.now());
    world.followers.note(world.home, world.followed(2, seconds(3)));
    CHECK(world.only().last_lag == seconds(3));
    CHECK(world.only().lags.counts == decltype(first.lags.counts){0, 0, 0, 0, 1});
    world.followers.slot_dropped(world.home);
    CHECK(world.only().slots_dropped == 1);
    turn.reset();
    CHECK(world.followers.list().empty());
}

TEST_CASE("one that the settings ask for is listed while it waits, with what it did before") {
    World world;
    world.followers.want(world.home);
    CHECK(world.only().configured);
    for (int round = 1; round <= 2; ++round) {
        const auto turn = world.followers.take_turn(world.home);
        world.followers.note(world.home, world.followed(1, {}));
        world.followers.note(world.home, world.followed(2, seconds(1)));
        CHECK(world.only().moments == 2u * static_cast<unsigned>(round));
    }
    const auto retry_at = world.clock.now() + seconds(5);
    world.followers.failed(world.home, "it is gone", retry_at);
    CHECK(world.only().state == FollowerStatus::State::waiting);
    CHECK(world.only().failure == "it is gone");
    CHECK(world.only().retry_at == retry_at);
    CHECK(world.only().starts == 2);
    CHECK(world.only().failures == 1);
    CHECK(world.only().lags.count() == 2);

    const auto by_command = world.followers.take_turn(world.home);
    world.followers.failed(world.home, "somebody follows already", retry_at);
    CHECK(world.only().state == FollowerStatus::State::starting);
    world.followers.unwant(world.home);
    CHECK_FALSE(world.only().configured);
}

TEST_CASE("a follower is behind by what is not durable, and by all since the log is known") {
    World world;
    world.followers.want(world.home);
    const auto turn = world.followers.take_turn(world.home);
    world.followers.note(world.home, world.followed(1, {}));
    const Timestamp known = world.clock.now();
    world.clock.set(known + seconds(100));
    CHECK(world.only().behind(world.clock.now()) == seconds(0));
    auto pending = world.followed(1, {});
    pending.known_until = known;
    pending.pending_since = known + seconds(98);
    world.followers.note(world.home, pending);
    CHECK(world.only().behind(world.clock.now()) == seconds(2));
    CHECK(world.only().behind(known) == seconds(0));  // the clock was set back

    FollowerStatus waiting = world.only();
    waiting.state = FollowerStatus::State::waiting;
    CHECK(waiting.behind(world.clock.now()) == seconds(100));
}

TEST_CASE("a pause stops who follows, and he goes on when it is resumed") {
    World world;
    command::Followers& followers = world.followers;
    std::promise<void> began, resumed;
    std::stop_source stop;
    bool rested = false;
    std::jthread thread([&] {
        const auto turn = followers.take_turn(world.home);
        auto part = followers.begin(world.home);
        followers.note(world.home, world.followed(1, {}));
        began.set_value();
        while (!part->stop_requested()) std::this_thread::yield();
        const auto rest = [&] {
            const bool is_paused = !followers.begin(world.home);
            followers.rest(world.home, stop.get_token());
            return is_paused;
        };
        rested = rest();
        part = followers.begin(world.home);
        resumed.set_value();
        followers.note(world.home, world.followed(1, {}));
        while (!part->stop_requested()) std::this_thread::yield();
        rested = rest() && rested;
    });
    began.get_future().wait();
    followers.pause(world.home, {});
    CHECK(world.only().state == FollowerStatus::State::paused);
    const Timestamp begun = world.clock.now();
    CHECK(world.only().since == begun);
    world.clock.set(begun + seconds(60));
    CHECK(world.only().behind(world.clock.now()) == seconds(60));
    followers.pause(world.home, {});  // once more is the same pause
    CHECK(followers.paused_since(world.home.id) == begun);
    followers.resume(world.home);
    resumed.get_future().wait();
    CHECK(code_thrown_by([&] { followers.resume(world.home); }) == Errc::invalid);

    followers.pause(world.home, {});
    stop.request_stop();  // also one that is paused ends
    thread.join();
    CHECK(rested);
    CHECK(followers.list().empty());
    const command::Followers later(world.repo.owner->context().catalog(), world.clock);
    CHECK(later.paused_since(world.home.id) == world.clock.now());
}

TEST_CASE("one that waits to be tried again is paused at once, and tried when it is resumed") {
    World world;
    command::Followers& followers = world.followers;
    followers.want(world.home);
    followers.failed(world.home, "it is gone", world.clock.now() + seconds(600));
    followers.pause(world.home, {});
    CHECK(world.only().state == FollowerStatus::State::paused);
    CHECK(world.only().failure.empty());
    std::jthread thread([&](const std::stop_token& stop) {
        followers.wait_to_retry(world.home, seconds(600), stop);
    });
    followers.resume(world.home);
    thread.join();
    CHECK(world.only().state == FollowerStatus::State::waiting);
    CHECK(world.only().failure == "it is gone");
}

TEST_CASE("a pause waits for who follows no longer than it may") {
    World world;
    const auto turn = world.followers.take_turn(world.home);
    const auto part = world.followers.begin(world.home);
    std::stop_source stop;
    stop.request_stop();
    CHECK(code_thrown_by([&] { world.followers.pause(world.home, stop.get_token()); }) ==
          Errc::cancelled);
    CHECK(part->stop_requested());
    CHECK(world.followers.paused_since(world.home.id).has_value());
}

TEST_CASE("what nobody follows is paused and resumed by command") {
    const Way way = either_way();
    World world;
    CommandFixture& repo = world.repo;
    const nlohmann::json home{{"source", "home"}};
    CHECK(repo.failure(way, "log-resume", home) == Errc::invalid);
    CHECK(repo.failure(way, "log-pause", {{"source", "nobody"}}) == Errc::not_found);
    const auto paused = repo.run(way, "log-pause", home).result;
    CHECK(paused["state"] == "paused");
    const auto told = repo.run(way, "log-status", nlohmann::json::object()).of("follower");
    REQUIRE(told.size() == 1);
    CHECK(told[0]["state"] == "paused");
    CHECK(told[0]["since"] == paused["paused_since"]);
    CHECK(told[0]["known_until"].is_null());

    std::stop_source stop;
    Heard followed;
    std::jthread thread([&] {
        command::NoInput input;
        followed = repo.run_with(way, "log-follow", home, input, stop.get_token());
    });
    const auto rests = [&] {
        const auto all = repo.owner->context().followers().list();
        return !all.empty() && all[0].state == FollowerStatus::State::paused;
    };
    while (!rests()) std::this_thread::yield();
    stop.request_stop();
    thread.join();
    CHECK(followed.events.size() == 1);
    CHECK(followed.texts("paused", "since") == Names{paused["paused_since"]});

    CHECK(repo.run(way, "log-resume", home).result["state"] == "not followed");
    CHECK(repo.run(way, "log-status", home).of("follower").empty());
}

TEST_CASE("log status tells of logs that nobody follows") {
    const Way way = either_way();
    World world;
    CHECK(world.repo.run(way, "log-status", nlohmann::json::object()).result["count"] == 0);
    CHECK(world.repo.failure(way, "log-status", {{"source", "nobody"}}) == Errc::not_found);
    catalog::Catalog& catalog = world.repo.owner->context().catalog();
    catalog::LogSegment segment;
    segment.source = world.home.id;
    segment.incarnation = 1;
    segment.sequence = 1;
    segment.name = "s";
    segment.begin = {1};
    segment.end = {2};
    segment.first_time = segment.last_time = world.clock.now();
    auto changes = catalog::Logs(catalog.store()).add(segment);
    changes.push_back(catalog::Logs::put({world.home.id, 1, "journal-1", "", {}, {}}));
    catalog.store().commit(changes);
    const auto told = world.repo.run(way, "log-status", {{"source", "home"}}).of("follower");
    REQUIRE(told.size() == 1);
    CHECK(told[0]["state"] == "not followed");
    CHECK(told[0]["known_until"] == to_rfc3339(world.clock.now()));

    auto& followers = world.repo.owner->context().followers();
    const auto turn = followers.take_turn(world.home);
    const auto now = world.repo.run(way, "log-status", nlohmann::json::object()).of("follower");
    REQUIRE(now.size() == 1);
    CHECK(now[0]["state"] == "starting");
    CHECK(now[0]["known_until"] == to_rfc3339(world.clock.now()));
    CHECK(now[0]["behind_ms"].get<std::int64_t>() > 0);
}
