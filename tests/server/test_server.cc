// SPDX-License-Identifier: Apache-2.0
/// The work of `yore serve` without a mount: sources, reloads, the end, what the service manager
/// hears. With mounts: tests/system/test_serve.py.
#include <yore/command/sources.h>
#include <yore/server/server.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "../command/command_fixture.h"
#include "server/wanted_followers.h"
#include "server/wanted_mounts.h"

using namespace yore;
using namespace yore::test;
using namespace std::chrono_literals;

namespace {

/// A server on a repository of its own, running until it is told otherwise.
struct Running {
    explicit Running(const std::string& sources) {
        write(sources);
        auto reading = server::load_config(path);
        REQUIRE(reading.mistakes.empty());
        server = std::make_unique<server::Server>(std::move(reading.config), path, notifier);
        thread = std::thread([this] { server->run(*repo.owner, stop.get_token()); });
    }
    ~Running() { end(); }
    void end() {
        stop.request_stop();
        if (thread.joinable()) thread.join();
    }
    void write(const std::string& sources) const {
        std::ofstream(path) << "repository = '" << repo.scratch / "repository"
                            << "'\n"
                            << sources;
    }
    void reload(const std::string& sources) const {
        write(sources);
        server->reload();
    }
    std::optional<catalog::Source> source(const char* name) const {
        return repo.owner->context().catalog().source(name);
    }
    bool soon(const std::function<bool()>& holds) const {
        for (int i = 0; i < 1000 && !holds(); ++i) std::this_thread::sleep_for(5ms);
        return holds();
    }

    CommandFixture repo{{}, command::OwnerLife::server};
    const std::string path = repo.scratch / "serve.toml";
    server::Notifier notifier;
    std::unique_ptr<server::Server> server;
    std::stop_source stop;
    std::thread thread;
};

std::string source_lines(const std::string& name, const std::string& more = "") {
    return "[[source]]\nname = '" + name + "'\ndirectory = '/" + name + "'\n" + more + "\n";
}

}  // namespace

TEST_CASE("a server takes its schedules from its file", "[server]") {
    const std::string daily = "[[schedule]]\nsource = 'one'\ncron = '@yearly'\n";
    Running running(source_lines("one") + daily);
    auto& schedules = running.repo.owner->context().schedules();
    const auto cron_of = [&] {
        const auto all = schedules.list();
        return all.size() == 1 ? all[0].schedule.spec().cron : std::string();
    };
    REQUIRE(running.soon([&] { return cron_of() == "@yearly"; }));
    CHECK(schedules.list()[0].configured);
    running.reload(source_lines("one") + "[[schedule]]\ntask = 'collect'\ncron = '@monthly'\n");
    REQUIRE(running.soon([&] { return cron_of() == "@monthly"; }));
    running.reload(source_lines("one"));
    REQUIRE(running.soon([&] { return schedules.list().empty(); }));
}

TEST_CASE("a source that cannot be followed waits, and says why", "[server]") {
    Running running(source_lines("one", "follow = true"));  // there is no /one
    auto& followers = running.repo.owner->context().followers();
    const auto waits = [&] {
        const auto all = followers.list();
        return all.size() == 1 && all[0].state == command::FollowerStatus::State::waiting;
    };
    REQUIRE(running.soon(waits));
    const auto status = followers.list().at(0);
    CHECK(status.source == "one");
    CHECK(status.configured);
    CHECK_THAT(status.failure, Catch::Contains("/one"));
    CHECK(status.failures == 1);
    CHECK(status.retry_at > status.since);

    running.reload(source_lines("one", "follow = true"));  // now, not in a second
    const auto counted = [&](std::uint64_t failures) {
        return running.soon([&] { return followers.list().at(0).failures >= failures; });
    };
    CHECK(counted(2));
    running.reload(source_lines("one"));
    CHECK(running.soon([&] { return followers.list().empty(); }));
}

TEST_CASE("what fails again and again is tried again ever more seldom") {
    CHECK(server::follow_retry_delay(Errc::not_found, 1) == seconds(1));
    CHECK(server::follow_retry_delay(Errc::no_space, 2) == seconds(2));
    CHECK(server::follow_retry_delay(Errc::io, 6) == seconds(32));
    CHECK(server::follow_retry_delay(Errc::io, 7) == seconds(60));
    CHECK(server::follow_retry_delay(Errc::io, 1'000'000) == seconds(60));
    CHECK(server::follow_retry_delay(Errc::unsupported, 1) == seconds(600));
    CHECK(server::snapshot_retry_delay(1) == seconds(60));
    CHECK(server::snapshot_retry_delay(6) == seconds(1920));
    CHECK(server::snapshot_retry_delay(7) == seconds(3600));
    CHECK(server::snapshot_retry_delay(1'000'000) == seconds(3600));
}

TEST_CASE("a server declares its sources and follows its file", "[server]") {
    Running running(source_lines("one", "keep_daily = 7"));
    REQUIRE(running.soon([&] { return running.source("one").has_value(); }));
    CHECK(running.source("one")->retention.daily == 7);

    running.reload(source_lines("one", "excludes = ['*.o']") + source_lines("two"));
    REQUIRE(running.soon([&] { return running.source("two").has_value(); }));
    CHECK(running.source("one")->retention.empty());
    CHECK(running.source("one")->directory.excludes == std::vector<std::string>{"*.o"});

    // One mistake: nothing of the file is taken.
    running.reload(source_lines("three") + source_lines("four", "keep_dayly = 1"));
    running.reload(source_lines("three") + source_lines("four", "keep_dayly = 1"));
    std::this_thread::sleep_for(50ms);
    CHECK_FALSE(running.source("three"));

    running.reload(source_lines("three"));
    REQUIRE(running.soon([&] { return running.source("three").has_value(); }));
    CHECK_FALSE(running.source("two")->removed);  // what a file names no more is left alone
    running.end();
    CHECK_FALSE(running.source("four"));
}

TEST_CASE("another repository is not taken while the server runs", "[server]") {
    Running running(source_lines("one"));
    std::ofstream(running.path) << "repository = '/elsewhere'\n" << source_lines("two");
    running.server->reload();
    REQUIRE(running.soon([&] { return running.source("one").has_value(); }));
    std::this_thread::sleep_for(50ms);
    CHECK_FALSE(running.source("two"));
    std::filesystem::remove(running.path);
    running.server->reload();  // nothing to read: it goes on
    running.reload(source_lines("two"));
    CHECK(running.soon([&] { return running.source("two").has_value(); }));
}

TEST_CASE("a server ends when a successor drains it", "[server]") {
    Running running(source_lines("one"));
    REQUIRE(running.soon([&] { return running.source("one").has_value(); }));
    REQUIRE(server::Client(running.repo.place).drain());
    running.thread.join();
    CHECK_FALSE(running.stop.stop_requested());
}

TEST_CASE("a source is declared until it is so, and what changes is told", "[server]") {
    CommandFixture repo;
    repo.snapshot();
    repo.snapshot();
    auto& context = repo.owner->context();
    auto wanted = *context.catalog().source("home");
    CHECK(command::declare_source(context, wanted).changes.empty());

    wanted.retention.last = 1;
    wanted.directory.one_file_system = true;
    const auto changed = command::declare_source(context, wanted);
    CHECK_FALSE(changed.added);
    CHECK(changed.changes ==
          Names{"one_file_system false -> true", "policy {} -> {\"keep_last\":1}"});
    CHECK(changed.victims == 1);
    CHECK(context.catalog().source("home")->retention.last == 1);

    context.catalog().remove_source("home", repo.clock.now());
    const auto again = command::declare_source(context, wanted);
    CHECK(again.added);
    CHECK(again.changes.empty());
    CHECK_FALSE(context.catalog().source("home")->removed);

    catalog::Source stream;
    stream.name = "db";
    stream.kind = catalog::SourceKind::stream;
    context.catalog().add_source(stream);
    wanted.name = "db";
    CHECK(code_thrown_by([&] { command::declare_source(context, wanted); }) == Errc::exists);
}

TEST_CASE("a mount that cannot be made is tried again, later each time", "[server]") {
    CommandFixture repo;
    server::WantedMounts mounts(repo.owner->context());
    server::WantedMounts::Time now{};
    CHECK_FALSE(mounts.step(now));
    mounts.want({{repo.scratch / "none", false}});
    std::vector<std::int64_t> waits;
    for (int i = 0; i < 9; ++i) {
        const auto next = mounts.step(now);
        REQUIRE(next);
        waits.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(*next - now).count());
        CHECK(mounts.step(now + 1ms) == next);  // not yet
        now = *next;
    }
    CHECK(waits ==
          std::vector<std::int64_t>{500, 1000, 2000, 4000, 8000, 16'000, 30'000, 30'000, 30'000});
    mounts.want({});
    CHECK_FALSE(mounts.step(now));
}
