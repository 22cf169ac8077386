// SPDX-License-Identifier: Apache-2.0
/// The thread that waits for what is due.
#include <yore/command/init.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <unistd.h>

#include "../command/command_fixture.h"
#include "server/scheduler.h"

using namespace yore;
using namespace std::chrono_literals;

namespace {

/// Fails as nothing is expected to, as often as it is told to.
class FailingClock final : public Clock {
  public:
    Timestamp now() const override {
        if (failures_ > 0 && failures_-- > 0) throw std::runtime_error("there is no time");
        return SystemClock().now();
    }
    void fail(int times) { failures_ = times; }
    bool has_failed() const { return failures_ <= 0; }

  private:
    mutable std::atomic<int> failures_ = 0;
};

}  // namespace

TEST_CASE("schedules go on after something failed that nobody expected to") {
    const test::TemporaryDirectory scratch;
    FailingClock clock;
    SystemRandom random;
    const auto directory = scratch / "repository";
    command::init({directory, {}, "first", crypto::scrypt_for_tests}, clock, random);
    command::ContextOptions options;
    options.owner = {::getpid(), "yore test", clock.now()};
    const auto owner =
        server::Owner::take(command::unlock(directory, command::load_key_file(directory), {}),
                            std::move(options), {scratch / "run"}, clock, random);
    command::Context& context = owner->context();
    catalog::Source home;
    home.name = "home";
    home.directory.path = scratch / "source";
    REQUIRE(std::filesystem::create_directory(home.directory.path));
    context.catalog().add_source(home);
    command::Schedules& schedules = context.schedules();
    schedules.set({.source = "home", .cron = "@yearly"});

    server::Calls calls;
    const server::Scheduler scheduler(context, calls, 1ms);
    clock.fail(3);
    const command::Schedules::Which which{ScheduledTask::snapshot, "home"};
    schedules.run_now(which);
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!schedules.show(which).state.last_success) {
        REQUIRE(std::chrono::steady_clock::now() < give_up);
        std::this_thread::sleep_for(1ms);
    }
    CHECK(clock.has_failed());
    CHECK(context.catalog().latest(context.catalog().source("home")->id));
}
