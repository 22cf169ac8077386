// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/job.h>
#include <yore/command/jobs.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "command_fixture.h"

using namespace yore;
using namespace yore::test;
using namespace std::chrono_literals;

namespace {

const nlohmann::json stream{{"source", "db"}, {"stream", true}, {"file", "db.sql"}};

/// Gives bytes as long as the test wants a command to run.
class EndlessInput final : public command::Input {
  public:
    std::size_t read(MutableBytes into, const std::stop_token& stop) override {
        if (stop.stop_requested()) throw Error(Errc::cancelled, "interrupted");
        if (ended_) return 0;
        std::this_thread::sleep_for(1ms);
        const std::size_t count = std::min<std::size_t>(into.size(), 64u << 10);
        std::fill_n(into.begin(), count, std::byte{'y'});
        return count;
    }
    void end() { ended_ = true; }

  private:
    std::atomic<bool> ended_ = false;
};

/// A snapshot in progress, as job 1.
struct RunningJob {
    RunningJob(CommandFixture& repo, Way way) {
        done = std::async(std::launch::async, [this, &repo, way] {
            return code_thrown_by([&] { heard = repo.run_with(way, "snapshot", stream, input); });
        });
        while (repo.run(Way::here, "jobs-list", {}).of("job").empty())
            std::this_thread::sleep_for(1ms);
    }
    ~RunningJob() { input.end(); }
    EndlessInput input;
    Heard heard;
    std::future<std::optional<Errc>> done;
};

nlohmann::json shown(CommandFixture& repo, Way way, std::uint64_t job) {
    return repo.run(way, "jobs-show", {{"job", job}}).result;
}

}  // namespace

TEST_CASE("a long command is a job, and what became of it is known") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("f", "content");
    repo.snapshot(way);
    CHECK(repo.failure(way, "snapshot", {{"source", "nobody"}}) == Errc::not_found);
    const auto verified = repo.run(way, "verify", {});
    CHECK(verified.result["job"] == 3);
    repo.run(way, "prune", {{"dry_run", true}});
    repo.run(way, "ls", {{"moment", "home@latest"}});

    const auto jobs = repo.run(way, "jobs-list", {}).of("job");
    REQUIRE(jobs.size() == 3);
    CHECK(jobs[0]["command"] == "snapshot");
    CHECK(jobs[0]["source"] == "home");
    CHECK(jobs[0]["state"] == "done");
    CHECK(jobs[0]["answer"]["counts"]["files"] == 1);
    CHECK(jobs[0]["ended"].is_string());
    CHECK(jobs[1]["state"] == "failed");
    CHECK(jobs[1]["answer"]["error"]["code"] == "not_found");
    CHECK(jobs[2]["command"] == "verify");
    CHECK(shown(repo, way, 2)["answer"] == jobs[1]["answer"]);
    CHECK(repo.run(way, "jobs-list", {{"last", 1}}).of("job")[0]["job"] == 3);
    CHECK(repo.failure(way, "jobs-show", {{"job", 4}}) == Errc::not_found);
    CHECK(repo.failure(way, "jobs-show", {}) == Errc::invalid);
    CHECK(repo.failure(way, "jobs-cancel", {{"job", 1}}) == Errc::invalid);
    CHECK(repo.failure(way, "jobs-pause", {{"job", 1}}) == Errc::invalid);
    CHECK(repo.failure(way, "jobs-resume", {{"job", 1}}) == Errc::invalid);
}

TEST_CASE("a paused job does nothing, lets others go on, and goes on itself when it is resumed") {
    const Way way = either_way();
    CommandFixture repo;
    RunningJob running(repo, way);
    CHECK(repo.failure(way, "jobs-resume", {{"job", 1}}) == Errc::invalid);
    CHECK(repo.run(way, "jobs-pause", {{"job", 1}}).result["state"] == "paused");

    const auto read = [&] { return shown(repo, way, 1)["progress"].value("bytes_read", 0u); };
    std::this_thread::sleep_for(300ms);  // two rounds of progress: it has told of all by then
    const auto before = read();
    repo.write("f", "content");
    repo.snapshot(way);
    repo.run(way, "verify", {{"level", 2}});
    repo.run(way, "prune", {});
    std::this_thread::sleep_for(300ms);
    CHECK(read() == before);
    CHECK(shown(repo, way, 1)["state"] == "paused");

    CHECK(repo.run(way, "jobs-resume", {{"job", 1}}).result["state"] == "running");
    while (read() <= before) std::this_thread::sleep_for(5ms);
    running.input.end();
    CHECK(running.done.get() == std::nullopt);
    CHECK(shown(repo, way, 1)["state"] == "done");
    CHECK(running.heard.result["job"] == 1);
}

TEST_CASE("a job is cancelled, running or paused, and stores no snapshot") {
    const Way way = either_way();
    CommandFixture repo;
    RunningJob running(repo, way);
    if (GENERATE(false, true)) repo.run(way, "jobs-pause", {{"job", 1}});
    CHECK(repo.run(way, "jobs-cancel", {{"job", 1}}).result["state"] == "cancelled");
    CHECK(running.done.get() == Errc::cancelled);
    CHECK(repo.run(way, "snapshots", {}).of("snapshot").empty());
}

TEST_CASE("a job is followed until it ends, and whoever follows may leave") {
    const Way way = either_way();
    CommandFixture repo;
    RunningJob running(repo, way);
    TextInput nothing("");
    std::stop_source leave;
    auto left = std::async(std::launch::async, [&] {
        return code_thrown_by([&] {
            repo.run_with(way, "jobs-follow", {{"job", 1}}, nothing, leave.get_token());
        });
    });
    auto stayed = std::async(std::launch::async, [&] {
        return repo.run(way, "jobs-follow", {{"job", 1}});
    });
    std::this_thread::sleep_for(250ms);
    leave.request_stop();
    CHECK(left.get() == Errc::cancelled);
    CHECK(shown(repo, way, 1)["state"] == "running");
    running.input.end();
    const Heard followed = stayed.get();
    CHECK_FALSE(followed.of("progress").empty());
    CHECK(followed.result["state"] == "done");
    CHECK(followed.result["exit_code"] == 0);
}

TEST_CASE("what a process left running is marked interrupted by the next") {
    const Way way = either_way();
    CommandFixture repo;
    const store::RecordChange left[] = {
        put(catalog::Job{.number = 41, .command = "collect", .source = "", .started = {5}})};
    repo.owner->context().store().commit(left);
    const auto jobs = repo.run(way, "jobs-list", {}).of("job");
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0]["state"] == "interrupted");
    CHECK(jobs[0]["ended"].is_null());
    CHECK(repo.run(way, "verify", {}).result["job"] == 42);
    const auto stored = catalog::load_jobs(repo.owner->context().store());
    CHECK(stored.at(0).state == catalog::JobState::interrupted);
    CHECK(repo.run(way, "jobs-follow", {{"job", 41}}).result["exit_code"] == 130);
}

TEST_CASE("of jobs that have ended the last thousand are kept") {
    CommandFixture repo;
    std::vector<store::RecordChange> ended;
    for (std::uint64_t number = 1; number <= command::Jobs::history_max + 5; ++number)
        ended.push_back(put(catalog::Job{.number = number,
                                         .command = "prune",
                                         .source = "home",
                                         .state = catalog::JobState::done,
                                         .started = {5}}));
    repo.owner->context().store().commit(ended);
    repo.run(Way::here, "verify", {});
    const auto stored = catalog::load_jobs(repo.owner->context().store());
    CHECK(stored.size() == command::Jobs::history_max + 1);
    CHECK(stored.front().number == 6);
}
