// SPDX-License-Identifier: Apache-2.0
/// What asks for attention, as a function of facts. Of real sources: tests/system/test_status.py.
#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "command/attention.h"

using namespace yore;
using namespace yore::command;

namespace {

constexpr std::int64_t hour = 3600, day = 24 * hour;
const Timestamp now = Timestamp::from_seconds(1'000 * day);

Timestamp ago(std::int64_t seconds) {
    return Timestamp::from_seconds(1'000 * day - seconds);
}

timeline::Window window_until(Timestamp end) {
    const timeline::Bound bound{end, {}, "made up"};
    return {std::nullopt, bound, bound, end, {}};
}

/// One source, stored an hour ago, and nothing wrong.
MetricFacts healthy() {
    MetricFacts facts;
    facts.now = now;
    facts.free_bytes = 10'000'000'000;
    auto& home = facts.sources.emplace_back();
    home.name = "home";
    home.snapshots = 1;
    home.windows = {window_until(ago(hour))};
    home.latest = catalog::Snapshot();
    return facts;
}

catalog::Job verify_job(catalog::JobState state, const char* answer, Timestamp ended) {
    return {.number = 7,
            .command = "verify",
            .source = "",
            .state = state,
            .started = {},
            .ended = ended,
            .answer = answer};
}

std::vector<std::string_view> alerts(const MetricFacts& facts) {
    std::vector<std::string_view> names;
    for (const Attention& found : attention(facts)) names.push_back(found.alert);
    return names;
}
using Names = std::vector<std::string_view>;

catalog::Proof proof(catalog::ProofOutcome outcome, Timestamp ended) {
    catalog::Proof found{.state = "then", .started = ended, .ended = ended, .outcome = outcome};
    if (outcome == catalog::ProofOutcome::passed) found.passed = {ended, ended};
    return found;
}

FollowerStatus follower(FollowerStatus::State state) {
    FollowerStatus status;
    status.source = "home";
    status.state = state;
    status.since = ago(60);
    status.known_until = ago(60);
    return status;
}

std::string rules() {
    std::ifstream file(MONITORING_DIRECTORY "/yore.rules.yml");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("of a source that was stored lately nothing asks for attention") {
    CHECK(alerts(healthy()).empty());
}

TEST_CASE("a source that was never stored asks for attention, and one that is too old more so") {
    auto facts = healthy();
    auto& old = facts.sources.emplace_back(facts.sources[0]);
    facts.sources[0].windows.clear();
    old.name = "old";
    old.windows = {window_until(ago(37 * hour))};
    const auto found = attention(facts);
    REQUIRE(found.size() == 2);
    CHECK(found[0].alert == "YoreBackupTooOld");
    CHECK(found[0].text == "old was last stored 37 hours ago");
    CHECK(found[1].alert == "YoreNothingStored");
    CHECK(found[1].source == "home");
    facts.sources[0].is_fed = facts.sources[1].is_fed = false;
    CHECK(alerts(facts).empty());
}

TEST_CASE("a log asks for attention when nobody feeds it, or it is behind") {
    using State = FollowerStatus::State;
    auto facts = healthy();
    auto& home = facts.sources[0];
    home.log_until = ago(hour);
    CHECK(alerts(facts) == Names{"YoreFollowStopped"});
    home.paused_since = ago(hour);
    CHECK(alerts(facts).empty());
    home.paused_since = ago(25 * hour);
    CHECK(alerts(facts) == Names{"YoreLogPaused"});
    home.paused_since.reset();
    home.follower = follower(State::waiting);
    home.follower->failure = "the directory is gone";
    REQUIRE(alerts(facts) == Names{"YoreNotFollowing"});
    CHECK(attention(facts)[0].text == "home is not followed: the directory is gone");
    home.follower = follower(State::starting);
    CHECK(alerts(facts).empty());
    home.follower->since = ago(16 * 60);
    CHECK(alerts(facts) == Names{"YoreNotFollowing"});
    home.follower = follower(State::following);
    CHECK(alerts(facts).empty());
    home.follower->pending_since = ago(61);
    CHECK(alerts(facts) == Names{"YoreLogBehind"});
}

TEST_CASE("a log that ended long ago, or is a cluster's, which others may push, is no news") {
    auto facts = healthy();
    facts.sources[0].log_until = ago(8 * day);
    CHECK(alerts(facts).empty());
    facts.sources[0].log_until = ago(hour);
    facts.sources[0].kind = catalog::SourceKind::postgresql;
    CHECK(alerts(facts).empty());
}

TEST_CASE("checks of level 3 that failed, were not tried or are long ago ask for attention") {
    using Outcome = catalog::ProofOutcome;
    auto facts = healthy();
    facts.sources[0].proof = proof(Outcome::passed, ago(34 * day));
    CHECK(alerts(facts).empty());
    facts.sources[0].proof = proof(Outcome::passed, ago(36 * day));
    CHECK(alerts(facts) == Names{"YoreNotProven"});
    facts.sources[0].proof = proof(Outcome::failed, ago(hour));
    CHECK(alerts(facts) == Names{"YoreProofFailed"});
    facts.sources[0].proof = proof(Outcome::not_tried, ago(hour));
    CHECK(alerts(facts) == Names{"YoreProofNotTried"});
}

TEST_CASE("of jobs the last of each kind counts") {
    using catalog::JobState;
    auto facts = healthy();
    facts.jobs = {verify_job(JobState::failed, "", ago(3 * hour))};
    CHECK(alerts(facts) == Names{"YoreDamage"});
    facts.jobs = {verify_job(JobState::done, R"({"exit_code": 4})", ago(3 * hour))};
    CHECK(attention(facts)[0].text == "the last verify, 3 hours ago, found damage");
    facts.jobs.push_back(verify_job(JobState::done, "{}", ago(2 * hour)));
    CHECK(alerts(facts).empty());
    facts.jobs = {verify_job(JobState::done, "{}", ago(36 * day))};
    CHECK(alerts(facts) == Names{"YoreNotVerified"});
    facts.jobs.back().command = "snapshot";
    facts.jobs.back().state = JobState::interrupted;
    CHECK(alerts(facts) == Names{"YoreJobFailed"});
}

TEST_CASE("the repository asks for attention by itself, the most urgent first") {
    auto facts = healthy();
    facts.free_bytes = 1'900'000'000;
    facts.verified.oldest = ago(101 * day);
    facts.read_only = true;
    facts.unreadable_sources = 1;
    facts.sources[0].latest->counts.problems = 2;
    CHECK(alerts(facts) == Names{"YoreSourceUnreadable", "YoreReadOnly", "YoreDiskFills",
                                 "YoreNotReread", "YoreSnapshotPartial"});
}

TEST_CASE("the alerts of the rules are decided by the same bounds") {
    using Bounds = AttentionBounds;
    const auto text = rules();
    std::set<std::string> ruled;
    const std::regex name("alert: (\\w+)");
    for (std::sregex_iterator found(text.begin(), text.end(), name), end; found != end; ++found)
        ruled.insert((*found)[1]);
    for (const std::string_view decided : decided_alerts) {
        INFO(decided);
        CHECK(ruled.erase(std::string(decided)) == 1);
    }
    // These ask how something changes with time, or whether an owner is there.
    CHECK(ruled == std::set<std::string>{"YoreAbsent", "YoreEventsLost", "YoreSlotDropped",
                                         "YoreMountFails"});
    const auto rule = [&](const std::string& alert) {
        const auto begin = text.find("alert: " + alert + "\n");
        return text.substr(begin, text.find("annotations:", begin) - begin);
    };
    const auto days = [](std::int64_t count) { return std::to_string(count) + " * 86400"; };
    const std::string stored = std::to_string(Bounds::stored_hours_max) + " * 3600";
    CHECK(rule("YoreBackupTooOld").find("> " + stored) != std::string::npos);
    CHECK(rule("YoreNotProven").find("> " + days(Bounds::proven_days_max)) != std::string::npos);
    CHECK(rule("YoreNotVerified").find("> " + days(Bounds::verified_days_max)) !=
          std::string::npos);
    CHECK(rule("YoreNotReread").find("> " + days(Bounds::reread_days_max)) != std::string::npos);
    CHECK(rule("YoreDiskFills").find("< 2e9") != std::string::npos);
    CHECK(rule("YoreLogBehind").find("> 60") != std::string::npos);
    CHECK(rule("YoreNotFollowing").find("for: 15m") != std::string::npos);
    CHECK(rule("YoreLogPaused").find("for: 1d") != std::string::npos);
    CHECK(rule("YoreFollowStopped").find("[7d]") != std::string::npos);
}
