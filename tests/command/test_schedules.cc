// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/schedule.h>
#include <yore/command/schedules.h>

#include <chrono>
#include <thread>

#include "command_fixture.h"

using namespace yore;
using namespace yore::test;
using namespace std::chrono_literals;

namespace {

/// Once a year, so that nothing runs by itself while a test looks.
const nlohmann::json yearly{{"source", "home"}, {"cron", "@yearly"}};
const nlohmann::json home{{"source", "home"}};

void declare(CommandFixture& repo) {
    repo.write("f", "content");
    repo.run(Way::here, "source-add", {{"name", "home"}, {"directory", repo.source()}});
}

/// Waits until no run of it is in progress; its state then.
nlohmann::json when_it_has_run(CommandFixture& repo, Way way) {
    for (int i = 0; i < 1000; ++i) {
        auto schedule = repo.run(way, "schedule-show", home).result;
        if (!schedule["running"].get<bool>() && !schedule["last_started"].is_null())
            return schedule;
        std::this_thread::sleep_for(5ms);
    }
    FAIL("it does not end");
    return {};
}

}  // namespace

TEST_CASE("a schedule is set, shown, paused, resumed and removed") {
    const Way way = either_way();
    CommandFixture repo;
    declare(repo);
    CHECK(repo.failure(way, "schedule-show", home) == Errc::not_found);
    CHECK(repo.failure(way, "schedule-set", {{"source", "nobody"}, {"cron", "@daily"}}) ==
          Errc::not_found);
    CHECK(repo.failure(way, "schedule-set", {{"source", "home"}, {"cron", "daily"}}) ==
          Errc::invalid);
    CHECK(repo.failure(way, "schedule-set", {{"cron", "@daily"}}) == Errc::invalid);
    auto request = yearly;
    request["zone"] = "Europe/Berlin";
    request["on_failure"] = "pause";
    const auto set = repo.run(way, "schedule-set", request).result;
    CHECK(set["next"].get<std::string>().ends_with("-12-31T23:00:00Z"));
    CHECK(set["on_failure"] == "pause");
    CHECK(set["on_previous_running"] == "skip");
    repo.run(way, "schedule-set", {{"task", "collect"}, {"cron", "@weekly"}});

    const auto listed = repo.run(way, "schedule-list", {});
    CHECK(listed.texts("schedule", "schedule") == Names{"collect", "home"});
    CHECK(listed.result["served"] == true);
    CHECK(repo.run(way, "schedule-pause", home).result["next"].is_null());
    CHECK(repo.run(way, "schedule-resume", home).result["paused"] == false);
    CHECK(repo.failure(way, "schedule-resume", home) == Errc::invalid);
    repo.run(way, "schedule-remove", home);
    CHECK(repo.failure(way, "schedule-pause", home) == Errc::not_found);
    CHECK(repo.run(way, "schedule-list", {}).result["count"] == 1);
}

TEST_CASE("a schedule runs as a job, and how that went is kept") {
    const Way way = either_way();
    CommandFixture repo;
    declare(repo);
    repo.run(way, "schedule-set", yearly);
    repo.run(way, "schedule-run-now", home);
    auto schedule = when_it_has_run(repo, way);
    CHECK(schedule["failures"] == 0);
    CHECK(schedule["last_success"].is_string());
    CHECK(repo.run(way, "snapshots", {}).of("snapshot").size() == 1);
    const auto job = repo.run(way, "jobs-show", {{"job", schedule["last_job"]}}).result;
    CHECK(job["scheduled"] == true);
    CHECK(job["state"] == "done");

    std::filesystem::remove_all(repo.source());
    auto pausing = yearly;
    pausing["on_failure"] = "pause";
    repo.run(way, "schedule-set", pausing);
    repo.run(way, "schedule-run-now", home);
    while (repo.run(way, "schedule-show", home).result["failures"] == 0)
        std::this_thread::sleep_for(5ms);
    schedule = repo.run(way, "schedule-show", home).result;
    CHECK(schedule["paused"] == true);
    const auto stored = catalog::load_schedule_states(repo.owner->context().store());
    REQUIRE(stored.size() == 1);
    CHECK(stored.begin()->second.failures == 1);
    CHECK(stored.begin()->second.paused);
}

TEST_CASE("what was due while nobody could run it is run once at the start") {
    CommandFixture repo;
    declare(repo);
    auto& store = repo.owner->context().store();
    const catalog::ScheduleKey key{repo.owner->context().catalog().source("home")->id,
                                   ScheduledTask::snapshot};
    const store::RecordChange left[] = {
        put(key, ScheduleSpec{.cron = "@yearly"}),
        put(key, ScheduleState{.handled = parse_time("now-800d", repo.clock.now()).value()})};
    store.commit(left);
    command::Schedules schedules(repo.owner->context().catalog(), repo.clock);
    schedules.attach();
    const auto due = schedules.wait_for_due({});
    REQUIRE(due);
    CHECK(due->schedule.name() == "home");
    schedules.ended(key, timeline::RunOutcome::success);
    std::stop_source stop;
    stop.request_stop();
    CHECK_FALSE(schedules.wait_for_due(stop.get_token()));
    CHECK(schedules.list().at(0).next() > repo.clock.now());
}

TEST_CASE("a run that its process left is run again, when failures are retried") {
    CommandFixture repo;
    declare(repo);
    auto& context = repo.owner->context();
    repo.run(Way::here, "schedule-set", yearly);
    const auto run_is_left = [&](const char* on_failure) {
        auto request = yearly;
        request["on_failure"] = on_failure;
        repo.run(Way::here, "schedule-set", request);
        auto state = context.schedules().list().at(0);
        state.state.running = true;
        const store::RecordChange left[] = {put(state.key, state.state)};
        context.store().commit(left);
        command::Schedules next(context.catalog(), repo.clock);
        next.attach();
        return next.list().at(0).state.retry_at.has_value();
    };
    CHECK(run_is_left("retry"));
    CHECK_FALSE(run_is_left("reschedule"));
}

TEST_CASE("schedules of the settings outweigh those that were set, and are changed there only") {
    CommandFixture repo;
    declare(repo);
    repo.run(Way::here, "schedule-set", yearly);
    auto& schedules = repo.owner->context().schedules();
    const ScheduleSpec daily{.source = "home", .cron = "@daily"};
    const ScheduleSpec verify{.task = ScheduledTask::verify, .cron = "@weekly"};
    schedules.configure({daily, verify});
    REQUIRE(schedules.list().size() == 2);
    CHECK(schedules.show({.source = "home"}).schedule.spec() == daily);
    CHECK(repo.failure(Way::here, "schedule-set", yearly) == Errc::invalid);
    CHECK(repo.failure(Way::here, "schedule-remove", home) == Errc::invalid);
    repo.run(Way::here, "schedule-pause", home);
    CHECK(code_thrown_by([&] { schedules.configure({daily, daily}); }) == Errc::invalid);
    CHECK(schedules.list().size() == 2);
    schedules.configure({});
    REQUIRE(schedules.list().size() == 1);
    CHECK(schedules.show({.source = "home"}).schedule.spec().cron == "@yearly");
    CHECK(schedules.show({.source = "home"}).state.paused);
}

TEST_CASE("what is to be otherwise gives way to what was set, and may be set") {
    CommandFixture repo;
    declare(repo);
    auto& schedules = repo.owner->context().schedules();
    const ScheduleSpec daily{.source = "home", .cron = "@daily"};
    schedules.configure({}, {daily});
    REQUIRE(schedules.list().size() == 1);
    CHECK(schedules.show({.source = "home"}).schedule.spec() == daily);
    repo.run(Way::here, "schedule-set", yearly);
    CHECK(schedules.show({.source = "home"}).schedule.spec().cron == "@yearly");
    schedules.configure({}, {daily});
    CHECK(schedules.show({.source = "home"}).schedule.spec().cron == "@yearly");
    CHECK(schedules.list().size() == 1);
}

TEST_CASE("a schedule of the settings goes on where it was, in the next process too") {
    CommandFixture repo;
    declare(repo);
    auto& catalog = repo.owner->context().catalog();
    const ScheduleSpec daily{.source = "home", .cron = "@daily"};
    const auto states = [&] { return catalog::load_schedule_states(catalog.store()); };
    VirtualClock clock(*parse_time("2026-01-01T12:00:00Z", {}));
    {
        command::Schedules first(catalog, clock);
        first.attach();
        first.configure({daily});
        first.pause({.source = "home"});
        auto left = states().begin()->second;
        left.running = true;
        const store::RecordChange change[] = {catalog::put(states().begin()->first, left)};
        catalog.store().commit(change);
    }
    clock.set(clock.now() + seconds(3600));
    command::Schedules next(catalog, clock);
    next.attach();
    CHECK(next.list().empty());
    next.configure({daily});
    const auto now = next.show({.source = "home"});
    CHECK(now.state.paused);
    CHECK_FALSE(now.state.running);
    CHECK(now.state.handled == clock.now() + seconds(-3600));

    next.resume({.source = "home"});
    clock.set(clock.now() + seconds(1800));
    const ScheduleSpec hourly{.source = "home", .cron = "@hourly"};
    next.configure({hourly});
    CHECK(next.show({.source = "home"}).next() == *parse_time("2026-01-01T14:00:00Z", {}));
    next.configure({});
    CHECK(states().empty());
}

TEST_CASE("the schedules of a source go with it") {
    CommandFixture repo;
    declare(repo);
    repo.run(Way::here, "schedule-set", yearly);
    repo.run(Way::here, "source-remove", {{"name", "home"}, {"purge", "home"}});
    CHECK(repo.run(Way::here, "schedule-list", {}).result["count"] == 0);
    CHECK(catalog::load_schedules(repo.owner->context().store()).empty());
    CHECK(catalog::load_schedule_states(repo.owner->context().store()).empty());
}

TEST_CASE("where nobody runs schedules they are set, but not run now") {
    CommandFixture repo({}, command::OwnerLife::command);
    declare(repo);
    CHECK(repo.run(Way::here, "schedule-set", yearly).result["served"] == false);
    CHECK(repo.failure(Way::here, "schedule-run-now", home) == Errc::invalid);
}
