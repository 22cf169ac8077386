// SPDX-License-Identifier: Apache-2.0
#include "command/attention.h"

#include <yore/command/age_text.h>

#include <algorithm>

#include <fmt/format.h>

#include "command/job.h"
#include "command/judged_facts.h"

namespace yore::command {
namespace {

using Bounds = AttentionBounds;
constexpr std::int64_t ns_per_second = 1'000'000'000, minute = 60, hour = 3600, day = 24 * hour;

std::int64_t seconds_since(Timestamp then, Timestamp now) {
    return std::max<std::int64_t>(0, (now - then).ns / ns_per_second);
}

class Watch {
  public:
    explicit Watch(const MetricFacts& facts) : facts_(facts) {}

    std::vector<Attention> all() {
        look_at_repository();
        for (const SourceFacts& source : facts_.sources) {
            if (!source.is_fed) continue;
            look_at_age(source);
            look_at_log(source);
            look_at_proof(source);
        }
        look_at_jobs();
        std::ranges::stable_sort(found_, {}, &Attention::urgency);
        return std::move(found_);
    }

  private:
    void add(std::string_view alert, Urgency urgency, std::string source, std::string text,
             std::string hint) {
        found_.push_back({alert, urgency, std::move(source), std::move(text), std::move(hint)});
    }
    std::int64_t seconds_since(Timestamp then) const {
        return command::seconds_since(then, facts_.now);
    }
    std::string ago(Timestamp then) const { return age_text(facts_.now - then) + " ago"; }

    void look_at_repository();
    void look_at_age(const SourceFacts&);
    void look_at_log(const SourceFacts&);
    void look_at_follower(const SourceFacts&, const FollowerStatus&);
    void look_at_proof(const SourceFacts&);
    void look_at_jobs();
    void look_at_job(const catalog::Job&);

    const MetricFacts& facts_;
    std::vector<Attention> found_;
};

void Watch::look_at_repository() {
    if (facts_.unreadable_sources > 0)
        add("YoreSourceUnreadable", Urgency::critical, {},
            fmt::format("records of {} source(s) cannot be read", facts_.unreadable_sources),
            "the log of the server names them; `yore verify` shows what is damaged");
    if (facts_.read_only)
        add("YoreReadOnly", Urgency::critical, {}, "the repository takes nothing in",
            "a sync of its disk failed, or the disk is full; the log of the server says which");
    if (facts_.free_bytes && *facts_.free_bytes < std::uint64_t{Bounds::free_bytes_min})
        add("YoreDiskFills", Urgency::warning, {},
            fmt::format("the disk of the repository has {} MB left",
                        *facts_.free_bytes / 1'000'000),
            "`yore prune` by a policy that keeps less, and then `yore collect`, give space back");
    const auto& oldest = facts_.verified.oldest;
    if (oldest && seconds_since(*oldest) > Bounds::reread_days_max * day)
        add("YoreNotReread", Urgency::warning, {},
            "parts of the repository were last read " + ago(*oldest),
            "`yore schedule set --task verify --level 2` with a longer `--max-time`");
}

void Watch::look_at_age(const SourceFacts& source) {
    if (source.windows.empty())
        add("YoreNothingStored", Urgency::warning, source.name,
            fmt::format("nothing of {} can be restored: it has neither a snapshot nor a log that "
                        "can be opened",
                        source.name),
            fmt::format("`yore snapshot {}` stores it", source.name));
    const auto until = stored_until(source, facts_.now);
    if (until && seconds_since(*until) > Bounds::stored_hours_max * hour)
        add("YoreBackupTooOld", Urgency::critical, source.name,
            fmt::format("{} was last stored {}", source.name, ago(*until)),
            "`yore jobs list` shows what became of its snapshots, `yore log status` who follows "
            "it");
    if (source.latest && source.latest->counts.problems > 0)
        add("YoreSnapshotPartial", Urgency::info, source.name,
            fmt::format("the last snapshot of {} left {} path(s) out", source.name,
                        source.latest->counts.problems),
            "`yore snapshot` names them when it runs");
}

void Watch::look_at_log(const SourceFacts& source) {
    if (source.paused_since) {
        if (seconds_since(*source.paused_since) > Bounds::pause_days_max * day)
            add("YoreLogPaused", Urgency::info, source.name,
                fmt::format("{} is paused since {}", source.name, ago(*source.paused_since)),
                fmt::format("`yore log resume {}` ends the pause", source.name));
        return;
    }
    if (source.follower) return look_at_follower(source, *source.follower);
    // Of a cluster the server may push its log: nobody here knows that it stopped.
    const bool stopped = source.kind == catalog::SourceKind::directory && source.log_until &&
                         seconds_since(*source.log_until) <= Bounds::stop_days_max * day;
    if (stopped)
        add("YoreFollowStopped", Urgency::warning, source.name,
            fmt::format("nobody follows {} any more: its log ends {}", source.name,
                        ago(*source.log_until)),
            fmt::format("`yore log follow {0}`, or `follow = true` in the server's settings; "
                        "`yore log pause {0}` if that is meant",
                        source.name));
}

void Watch::look_at_follower(const SourceFacts& source, const FollowerStatus& follower) {
    using State = FollowerStatus::State;
    const bool starts_long = follower.state == State::starting &&
                             seconds_since(follower.since) > Bounds::start_minutes_max * minute;
    if (follower.state == State::waiting || starts_long) {
        std::string text = source.name + " is not followed";
        if (!follower.failure.empty()) text += ": " + follower.failure;
        add("YoreNotFollowing", Urgency::warning, source.name, std::move(text),
            "moments between snapshots are missing meanwhile; `yore log status` says more");
    }
    const Duration behind = follower.behind(facts_.now);
    if (follower.state == State::following && behind.ns > Bounds::lag_seconds_max * ns_per_second)
        add("YoreLogBehind", Urgency::warning, source.name,
            fmt::format("the log of {} is {} behind", source.name, age_text(behind)),
            "changes are made faster than they are stored, or the repository takes none in");
}

void Watch::look_at_proof(const SourceFacts& source) {
    using Outcome = catalog::ProofOutcome;
    if (!source.proof) return;
    const catalog::Proof& proof = *source.proof;
    const std::string moment = source.name + (proof.state.empty() ? "" : "@" + proof.state);
    const std::string why = proof.reason.empty() ? "" : ": " + proof.reason;
    const std::string hint =
        proof.job == 0 ? fmt::format("`yore source show {}` says more", source.name)
                       : fmt::format("`yore jobs show {}` has what the check wrote", proof.job);
    if (proof.outcome == Outcome::failed)
        add("YoreProofFailed", Urgency::critical, source.name,
            fmt::format("{} did not pass its check{}", moment, why), hint);
    if (proof.outcome == Outcome::not_tried)
        add("YoreProofNotTried", Urgency::warning, source.name,
            fmt::format("the check of {} could not be run{}", moment, why), hint);
    if (proof.passed && seconds_since(proof.passed->ended) > Bounds::proven_days_max * day)
        add("YoreNotProven", Urgency::warning, source.name,
            fmt::format("a moment of {} last passed its check {}", source.name,
                        ago(proof.passed->ended)),
            "`yore schedule set --task verify --level 3` has moments checked by themselves");
}

void Watch::look_at_job(const catalog::Job& job) {
    const bool verifies = job.command == "verify";
    std::string what = job.command + (job.source.empty() ? "" : " of " + job.source);
    if (job.ended) what += ", " + ago(*job.ended) + ",";
    const std::string hint = fmt::format("`yore jobs show {}` says why", job.number);
    if (!verifies)
        return add("YoreJobFailed", Urgency::warning, job.source,
                   fmt::format("the last {} did not succeed", what), hint);
    const bool damaged = exit_code_of(job) == ExitCode::damaged;
    add("YoreDamage", Urgency::critical, job.source,
        fmt::format("the last {} {}", what, damaged ? "found damage" : "did not end"), hint);
}

void Watch::look_at_jobs() {
    for (const auto& [kind, jobs] : last_jobs(facts_)) {
        if (!is_success(*jobs.ended)) look_at_job(*jobs.ended);
        if (kind.first != "verify" || !jobs.succeeded) continue;
        if (seconds_since(*jobs.succeeded->ended) > Bounds::verified_days_max * day)
            add("YoreNotVerified", Urgency::warning, kind.second,
                fmt::format("{} was last verified {}",
                            kind.second.empty() ? "the repository" : kind.second,
                            ago(*jobs.succeeded->ended)),
                "`yore schedule set --task verify` has it verified by itself");
    }
}

}  // namespace

std::string_view name_of(Urgency urgency) {
    switch (urgency) {
        case Urgency::critical:
            return "critical";
        case Urgency::warning:
            return "warning";
        case Urgency::info:
            return "info";
    }
    return "unknown";
}

std::vector<Attention> attention(const MetricFacts& facts) {
    return Watch(facts).all();
}

}  // namespace yore::command
