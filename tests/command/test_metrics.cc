// SPDX-License-Identifier: Apache-2.0
/// The metrics' text, as a function of facts. That a scraper understands it, and that it is right
/// of a real server: tests/system/test_metrics.py.
#include <sstream>

#include <catch2/catch.hpp>

#include "../support.h"
#include "command/exposition.h"
#include "command/metric_facts.h"

using namespace yore;
using namespace yore::command;

namespace {

/// The value of a sample, as it is written. There is none: empty.
std::string value_in(const std::string& text, const std::string& series) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
    return {};
}

timeline::Window window(std::optional<std::uint32_t> incarnation, std::int64_t first,
                        std::int64_t known_until) {
    const timeline::Bound bound{Timestamp::from_seconds(first), {}, "made up"};
    return {incarnation, bound, bound, Timestamp::from_seconds(known_until), {}};
}

catalog::Job job(std::uint64_t number, const char* command, catalog::JobState state,
                 std::int64_t ended, const char* answer = "") {
    return {.number = number,
            .command = command,
            .source = "home",
            .state = state,
            .started = {},
            .ended = Timestamp::from_seconds(ended),
            .answer = answer};
}

MetricFacts facts_of_home() {
    MetricFacts facts;
    facts.now = Timestamp::from_seconds(1000);
    auto& home = facts.sources.emplace_back();
    home.name = "home";
    home.snapshots = 7;
    catalog::Snapshot latest;
    latest.started = Timestamp::from_seconds(700);
    latest.ended = Timestamp::from_seconds(702, 500'000'000);
    latest.counts.bytes_new = 123;
    home.latest = latest;
    home.windows = {window({}, 100, 400), window(1, 400, 700), window(1, 800, 990)};
    home.windows.back().uncertain.resize(2);
    return facts;
}

}  // namespace

TEST_CASE("the newest snapshot and the window that reaches furthest are told of each source") {
    const auto text = metrics_text(facts_of_home());
    const auto of_home = [&](const std::string& name) {
        return value_in(text, name + "{source=\"home\"}");
    };
    CHECK(of_home("yore_source_snapshots") == "7");
    CHECK(of_home("yore_source_last_snapshot_duration_seconds") == "2.5");
    CHECK(of_home("yore_source_last_snapshot_timestamp_seconds") == "702.5");
    CHECK(of_home("yore_source_last_snapshot_new_bytes") == "123");
    CHECK(of_home("yore_source_last_success_timestamp_seconds") == "990");
    CHECK(of_home("yore_source_last_success_age_seconds") == "10");
    CHECK(of_home("yore_recovery_window_start_timestamp_seconds") == "800");
    CHECK(of_home("yore_recovery_window_end_timestamp_seconds") == "990");
    CHECK(of_home("yore_recovery_windows") == "3");
    CHECK(of_home("yore_recovery_gaps") == "1");
    CHECK(of_home("yore_recovery_uncertain_spans") == "2");
}

TEST_CASE("a source that was removed grows no older, and one without snapshots has no age") {
    auto facts = facts_of_home();
    facts.sources[0].is_fed = false;
    facts.sources.push_back(
        {.name = "new", .snapshots = 0, .latest = {}, .windows = {}, .follower = {}});
    const auto text = metrics_text(facts);
    CHECK(value_in(text, "yore_source_last_success_age_seconds{source=\"home\"}").empty());
    CHECK(value_in(text, "yore_source_last_snapshot_files{source=\"home\"}").empty());
    CHECK(value_in(text, "yore_source_snapshots{source=\"home\"}") == "7");
    CHECK(value_in(text, "yore_source_snapshots{source=\"new\"}") == "0");
    CHECK(value_in(text, "yore_source_last_success_age_seconds{source=\"new\"}").empty());
}

TEST_CASE("a source that is followed is as new as its follower knows") {
    auto facts = facts_of_home();
    FollowerStatus follower;
    follower.state = FollowerStatus::State::following;
    follower.known_until = Timestamp::from_seconds(990);
    follower.records = 5;
    follower.lags.add(seconds(1));
    follower.lags.add(seconds(100));
    facts.sources[0].follower = follower;
    const auto value = [&](const std::string& name) {
        return value_in(metrics_text(facts), name + "{source=\"home\"}");
    };
    CHECK(value("yore_source_last_success_age_seconds") == "0");  // nothing is pending
    CHECK(value("yore_log_following") == "1");
    CHECK(value("yore_log_lag_seconds") == "0");
    CHECK(value("yore_log_records_total") == "5");
    CHECK(value("yore_log_commit_delay_seconds_count") == "2");
    CHECK(value("yore_log_commit_delay_seconds_sum") == "101");
    facts.sources[0].follower->pending_since = Timestamp::from_seconds(997);
    CHECK(value("yore_log_lag_seconds") == "3");
    CHECK(value("yore_source_last_success_age_seconds") == "3");
    facts.sources[0].follower->state = FollowerStatus::State::waiting;
    CHECK(value("yore_log_following") == "0");
    CHECK(value("yore_log_lag_seconds") == "10");  // ever since it was known
    CHECK(value("yore_log_paused") == "0");
    facts.sources[0].follower->state = FollowerStatus::State::paused;
    CHECK(value("yore_log_paused") == "1");
    CHECK(value("yore_log_following") == "0");
    CHECK(value("yore_log_lag_seconds") == "10");
    CHECK(value("yore_source_last_success_age_seconds") == "10");
}

TEST_CASE("jobs are counted by state, and the last of each kind says whether it succeeded") {
    using catalog::JobState;
    auto facts = facts_of_home();
    facts.jobs = {job(1, "snapshot", JobState::done, 100),
                  job(2, "verify", JobState::done, 200, R"({"exit_code":4})"),
                  job(3, "snapshot", JobState::failed, 300),
                  job(4, "snapshot", JobState::running, 0)};
    auto text = metrics_text(facts);
    CHECK(value_in(text, "yore_jobs{state=\"done\"}") == "2");
    CHECK(value_in(text, "yore_jobs{state=\"running\"}") == "1");
    CHECK(value_in(text, "yore_jobs{state=\"paused\"}") == "0");
    const std::string snapshot = R"({command="snapshot",source="home"})";
    const std::string verify = R"({command="verify",source="home"})";
    CHECK(value_in(text, "yore_job_last_succeeded" + snapshot) == "0");
    CHECK(value_in(text, "yore_job_last_success_timestamp_seconds" + snapshot) == "100");
    CHECK(value_in(text, "yore_job_last_succeeded" + verify) == "0");  // it found damage
    CHECK(value_in(text, "yore_job_last_success_timestamp_seconds" + verify).empty());
    facts.jobs.push_back(job(5, "snapshot", JobState::done, 400, R"({"exit_code":3})"));
    text = metrics_text(facts);
    CHECK(value_in(text, "yore_job_last_succeeded" + snapshot) == "1");  // partial is stored
    facts.sources[0].is_fed = false;
    CHECK(value_in(metrics_text(facts), "yore_job_last_succeeded" + snapshot).empty());
}

TEST_CASE("how much was verified is told, and since when once there is something") {
    MetricFacts facts;
    facts.verified.never_bytes = 7;
    facts.verified.bytes_within[2] = 5;
    auto text = metrics_text(facts);
    CHECK(value_in(text, "yore_verified_never_bytes") == "7");
    CHECK(value_in(text, "yore_verified_bytes{days=\"30\"}") == "5");
    CHECK(value_in(text, "yore_verified_oldest_timestamp_seconds").empty());
    facts.verified.oldest = Timestamp::from_seconds(90);
    CHECK(value_in(metrics_text(facts), "yore_verified_oldest_timestamp_seconds") == "90");
}

TEST_CASE("a histogram's buckets add up, and the last one has all") {
    MetricFacts facts;
    facts.mounts.resize(1);
    facts.mounts[0].directory = "/mnt";
    auto& read = facts.mounts[0].times[static_cast<std::size_t>(mount::Operation::read)];
    read.counts[0] = 2;
    read.counts[1] = 3;
    read.counts.back() = 1;
    read.total_ns = 5'500'000'000;
    const auto text = metrics_text(facts);
    const std::string name = "yore_fuse_operation_duration_seconds";
    const std::string labels = "{mount=\"/mnt\",operation=\"read\"";
    CHECK(value_in(text, name + "_bucket" + labels + ",le=\"8.192e-06\"}") == "2");
    CHECK(value_in(text, name + "_bucket" + labels + ",le=\"1.6384e-05\"}") == "5");
    CHECK(value_in(text, name + "_bucket" + labels + ",le=\"+Inf\"}") == "6");
    CHECK(value_in(text, name + "_count" + labels + "}") == "6");
    CHECK(value_in(text, name + "_sum" + labels + "}") == "5.5");
}

TEST_CASE("a label holds any bytes") {
    Exposition out;
    out.begin({"yore_odd", MetricType::gauge, "Odd."});
    out.sample({{"mount", "/a \"b\"\\c\nd\xff\xc3\xa9"}}, std::uint64_t{1});
    CHECK(out.text() ==
          "# HELP yore_odd Odd.\n# TYPE yore_odd gauge\n"
          "yore_odd{mount=\"/a \\\"b\\\"\\\\c\\nd\\\\xff\xc3\xa9\"} 1\n");
}

TEST_CASE("what level 3 of verify found last is told of each source, and when it last passed") {
    MetricFacts facts = facts_of_home();
    const std::string home = R"({source="home"})";
    CHECK(value_in(metrics_text(facts), "yore_source_proof_passed" + home).empty());
    catalog::Proof& proof = facts.sources[0].proof.emplace();
    proof.started = Timestamp::from_seconds(900);
    proof.ended = Timestamp::from_seconds(904);
    proof.outcome = catalog::ProofOutcome::failed;
    proof.passed = catalog::Proof::Passed{Timestamp::from_seconds(800), Timestamp::from_seconds(5)};
    auto text = metrics_text(facts);
    CHECK(value_in(text, "yore_source_proof_passed" + home) == "0");
    CHECK(value_in(text, "yore_source_proof_failed" + home) == "1");
    CHECK(value_in(text, "yore_source_proof_duration_seconds" + home) == "4");
    CHECK(value_in(text, "yore_source_proof_timestamp_seconds" + home) == "904");
    CHECK(value_in(text, "yore_source_proof_last_passed_timestamp_seconds" + home) == "800");
    CHECK(value_in(text, "yore_source_proof_last_passed_moment_timestamp_seconds" + home) == "5");
    proof.outcome = catalog::ProofOutcome::not_tried;
    proof.passed.reset();
    text = metrics_text(facts);
    CHECK(value_in(text, "yore_source_proof_passed" + home) == "0");
    CHECK(value_in(text, "yore_source_proof_failed" + home) == "0");
    CHECK(value_in(text, "yore_source_proof_last_passed_timestamp_seconds" + home).empty());
    facts.sources[0].is_fed = false;
    CHECK(value_in(metrics_text(facts), "yore_source_proof_passed" + home).empty());
}
