// SPDX-License-Identifier: Apache-2.0
#include "command/metric_facts.h"

#include <algorithm>
#include <array>
#include <functional>

#include "command/exposition.h"
#include "command/job.h"
#include "command/judged_facts.h"

namespace yore::command {
namespace {

using Labels = Exposition::Labels;
constexpr auto counter = MetricType::counter, gauge = MetricType::gauge;

constexpr double ns_per_second = 1e9;

double in_seconds(Timestamp time) {
    return static_cast<double>(time.ns) / ns_per_second;
}
double in_seconds(Duration duration) {
    return static_cast<double>(duration.ns) / ns_per_second;
}

class MetricsText {
  public:
    explicit MetricsText(const MetricFacts& facts) : facts_(facts) {}
    std::string all() {
        add_owner();
        add_last_snapshots();
        add_windows();
        add_proofs();
        add_followers();
        add_jobs();
        add_repository();
        add_cache();
        add_mounts();
        add_clones();
        return out_.text();
    }

  private:
    template <typename Value>
    void add(const Metric& metric, Value value, const Labels& labels = {}) {
        out_.begin(metric);
        out_.sample(labels, value);
    }

    /// A sample of each source of which `value_of` knows one.
    template <typename ValueOf>
    void add_by_source(const Metric& metric, ValueOf&& value_of) {
        out_.begin(metric);
        for (const SourceFacts& source : facts_.sources)
            if (const auto value = value_of(source)) out_.sample({{"source", source.name}}, *value);
    }
    template <typename Of>
    void add_by_snapshot(const Metric& metric, Of&& value_of) {
        using Value = decltype(value_of(catalog::Snapshot()));
        add_by_source(metric, [&](const SourceFacts& source) -> std::optional<Value> {
            if (!source.is_fed || !source.latest) return std::nullopt;
            return value_of(*source.latest);
        });
    }
    void add_by_count(const Metric& metric, std::uint64_t catalog::SnapshotCounts::*count) {
        add_by_snapshot(metric, [&](const catalog::Snapshot& last) { return last.counts.*count; });
    }
    /// Of the window that reaches furthest: that which grows.
    template <typename Of>
    void add_by_window(const Metric& metric, Of&& value_of) {
        add_by_source(metric, [&](const SourceFacts& source) -> std::optional<double> {
            const timeline::Window* const window = furthest(source.windows);
            if (!window) return std::nullopt;
            return value_of(*window);
        });
    }
    template <typename Of>
    void add_by_mount(const Metric& metric, Of&& add_samples) {
        out_.begin(metric);
        for (const MountFacts& mount : facts_.mounts) add_samples(mount);
    }

    void add_owner();
    void add_last_snapshots();
    void add_windows();
    void add_proofs();
    void add_followers();
    void add_jobs();
    void add_repository();
    void add_verified();
    void add_cache();
    void add_mounts();
    void add_clones();

    const MetricFacts& facts_;
    Exposition out_;
};

void MetricsText::add_owner() {
    add({"yore_build_info", gauge, "1; the version is in its label."}, std::uint64_t{1},
        {{"version", facts_.version}});
    add({"yore_start_timestamp_seconds", gauge, "When the owner of the repository started."},
        in_seconds(facts_.started));
    add({"yore_unreadable_sources", gauge, "Sources whose records could not be read just now."},
        facts_.unreadable_sources);
}

void MetricsText::add_last_snapshots() {
    add_by_source({"yore_source_snapshots", gauge, "Snapshots that are stored."},
                  [](const SourceFacts& source) { return std::optional(source.snapshots); });
    add_by_snapshot(
        {"yore_source_last_snapshot_timestamp_seconds", gauge, "When the last snapshot ended."},
        [](const catalog::Snapshot& last) { return in_seconds(last.ended); });
    add_by_snapshot(
        {"yore_source_last_snapshot_duration_seconds", gauge, "How long the last snapshot took."},
        [](const catalog::Snapshot& last) { return in_seconds(last.ended - last.started); });
    using Counts = catalog::SnapshotCounts;
    add_by_count({"yore_source_last_snapshot_files", gauge, "Files in the last snapshot."},
                 &Counts::files);
    add_by_count({"yore_source_last_snapshot_size_bytes", gauge,
                  "Sum of the sizes of the files in the last snapshot."},
                 &Counts::bytes);
    add_by_count({"yore_source_last_snapshot_read_bytes", gauge,
                  "What the last snapshot read from the source."},
                 &Counts::bytes_read);
    add_by_count(
        {"yore_source_last_snapshot_new_bytes", gauge, "What of that was not stored before."},
        &Counts::bytes_new);
    add_by_count({"yore_source_last_snapshot_stored_bytes", gauge,
                  "What that takes in the repository, compressed."},
                 &Counts::bytes_stored);
    add_by_count({"yore_source_last_snapshot_problems", gauge,
                  "Paths that the last snapshot could not keep as they were."},
                 &Counts::problems);
}

void MetricsText::add_windows() {
    using timeline::Window;
    add_by_source({"yore_source_last_success_timestamp_seconds", gauge,
                   "Up to when the source is stored: by its last snapshot, or by its log."},
                  [&](const SourceFacts& source) -> std::optional<double> {
                      const auto until = stored_until(source, facts_.now);
                      return until ? std::optional(in_seconds(*until)) : std::nullopt;
                  });
    add_by_source({"yore_source_last_success_age_seconds", gauge, "How long ago that was."},
                  [&](const SourceFacts& source) -> std::optional<double> {
                      const auto until = stored_until(source, facts_.now);
                      return until ? std::optional(in_seconds(facts_.now - *until)) : std::nullopt;
                  });
    add_by_window({"yore_recovery_window_start_timestamp_seconds", gauge,
                   "The first moment of the recovery window that reaches furthest."},
                  [](const Window& window) { return in_seconds(window.first.time); });
    add_by_window({"yore_recovery_window_end_timestamp_seconds", gauge, "The last moment of it."},
                  [](const Window& window) { return in_seconds(window.known_until); });
    add_by_source({"yore_recovery_windows", gauge, "Spans of time that can be restored."},
                  [](const SourceFacts& source) {
                      return std::optional(std::uint64_t{source.windows.size()});
                  });
    add_by_source({"yore_recovery_gaps", gauge,
                   "Spans between them that the log of the source should cover, and does not."},
                  [](const SourceFacts& source) { return std::optional(gaps_in(source.windows)); });
    add_by_source(
        {"yore_recovery_uncertain_spans", gauge,
         "Spans in them whose moments may be wrong, as far as the log knows."},
        [](const SourceFacts& source) { return std::optional(uncertain_in(source.windows)); });
}

/// Of a source that nobody feeds any more, the last outcome stays as it is: no news.
void MetricsText::add_proofs() {
    const auto add_by_proof = [&](const Metric& metric, auto&& value_of) {
        using Value = typename decltype(value_of(catalog::Proof()))::value_type;
        add_by_source(metric, [&](const SourceFacts& source) -> std::optional<Value> {
            if (!source.is_fed || !source.proof) return std::nullopt;
            return value_of(*source.proof);
        });
    };
    using Passed = catalog::Proof::Passed;
    const auto of_passed = [](Timestamp Passed::*time) {
        return [time](const catalog::Proof& proof) -> std::optional<double> {
            if (!proof.passed) return std::nullopt;
            return in_seconds((*proof.passed).*time);
        };
    };
    add_by_proof(
        {"yore_source_proof_passed", gauge,
         "1: the last check of level 3 passed; 0: it failed, or could not be run."},
        [](const catalog::Proof& proof) {
            return std::optional(std::uint64_t{proof.outcome == catalog::ProofOutcome::passed});
        });
    add_by_proof(
        {"yore_source_proof_failed", gauge,
         "1: the last check of level 3 said that the moment is not as it should be."},
        [](const catalog::Proof& proof) {
            return std::optional(std::uint64_t{proof.outcome == catalog::ProofOutcome::failed});
        });
    add_by_proof(
        {"yore_source_proof_timestamp_seconds", gauge, "When the last check of level 3 ended."},
        [](const catalog::Proof& proof) { return std::optional(in_seconds(proof.ended)); });
    add_by_proof({"yore_source_proof_duration_seconds", gauge, "How long it took."},
                 [](const catalog::Proof& proof) {
                     return std::optional(in_seconds(proof.ended - proof.started));
                 });
    add_by_proof({"yore_source_proof_last_passed_timestamp_seconds", gauge,
                  "When the last check of level 3 ended that passed."},
                 of_passed(&Passed::ended));
    add_by_proof({"yore_source_proof_last_passed_moment_timestamp_seconds", gauge,
                  "Of which moment that was."},
                 of_passed(&Passed::time));
}

std::vector<double> lag_bounds() {
    std::vector<double> bounds;
    for (const Duration bound : LagCounts::bounds) bounds.push_back(in_seconds(bound));
    return bounds;
}

void MetricsText::add_followers() {
    const auto add_by_follower = [&](const Metric& metric, auto&& value_of) {
        using Value = decltype(value_of(FollowerStatus()));
        add_by_source(metric, [&](const SourceFacts& source) -> std::optional<Value> {
            return source.follower ? std::optional(value_of(*source.follower)) : std::nullopt;
        });
    };
    add_by_follower(
        {"yore_log_following", gauge, "1: changes are stored; 0: it starts, failed or is paused."},
        [](const FollowerStatus& status) {
            return std::uint64_t{status.state == FollowerStatus::State::following};
        });
    add_by_follower({"yore_log_paused", gauge, "1: nothing is followed until it is resumed."},
                    [](const FollowerStatus& status) {
                        return std::uint64_t{status.state == FollowerStatus::State::paused};
                    });
    add_by_follower(
        {"yore_log_lag_seconds", gauge,
         "How far the log is behind: 0 when all that changed is durable."},
        [&](const FollowerStatus& status) { return in_seconds(status.behind(facts_.now)); });
    add_by_follower({"yore_log_moments_total", counter, "Moments that became durable."},
                    [](const FollowerStatus& status) { return status.moments; });
    add_by_follower({"yore_log_records_total", counter, "Changes that became durable."},
                    [](const FollowerStatus& status) { return status.records; });
    add_by_follower({"yore_log_lost_total", counter,
                     "How often events were lost: what happened then is uncertain."},
                    [](const FollowerStatus& status) { return status.lost; });
    add_by_follower(
        {"yore_log_received_bytes_total", counter, "Bytes of a cluster's log that became durable."},
        [](const FollowerStatus& status) { return status.bytes; });
    add_by_follower({"yore_log_pinned_bytes", gauge,
                     "Bytes of log that a cluster keeps until they are durable here, when it was "
                     "last heard of."},
                    [](const FollowerStatus& status) { return status.pinned; });
    add_by_follower({"yore_log_slots_dropped_total", counter,
                     "How often a slot was dropped because it kept more than it may."},
                    [](const FollowerStatus& status) { return status.slots_dropped; });
    add_by_follower({"yore_log_failures_total", counter, "How often following ended by an error."},
                    [](const FollowerStatus& status) { return status.failures; });
    out_.begin({"yore_log_commit_delay_seconds", MetricType::histogram,
                "How long it took until a change was durable."});
    const auto bounds = lag_bounds();
    for (const SourceFacts& source : facts_.sources) {
        if (!source.follower) continue;
        const LagCounts& lags = source.follower->lags;
        out_.histogram({{"source", source.name}}, bounds, {lags.counts.begin(), lags.counts.end()},
                       in_seconds(lags.sum));
    }
}

void MetricsText::add_jobs() {
    using catalog::JobState;
    out_.begin({"yore_jobs", gauge, "Jobs by state; of those that have ended, the last 1,000."});
    for (const auto state : {JobState::running, JobState::paused, JobState::done, JobState::failed,
                             JobState::cancelled, JobState::interrupted})
        out_.sample({{"state", std::string(name_of(state))}},
                    static_cast<std::uint64_t>(
                        std::ranges::count(facts_.jobs, state, &catalog::Job::state)));
    const auto last = last_jobs(facts_);
    const auto labels = [](const auto& key) {
        return Labels{{"command", key.first}, {"source", key.second}};
    };
    out_.begin({"yore_job_last_succeeded", gauge,
                "Whether the last job of this kind did its work and found no damage."});
    for (const auto& [key, jobs] : last)
        out_.sample(labels(key), std::uint64_t{is_success(*jobs.ended)});
    out_.begin(
        {"yore_job_last_success_timestamp_seconds", gauge, "When one of this kind last ended so."});
    for (const auto& [key, jobs] : last)
        if (jobs.succeeded) out_.sample(labels(key), in_seconds(*jobs.succeeded->ended));
}

void MetricsText::add_repository() {
    const store::StoreStats& store = facts_.store;
    add({"yore_repository_unique_bytes", gauge, "Content that is stored, each piece once, plain."},
        store.chunk_plain_bytes);
    out_.begin({"yore_repository_stored_bytes", gauge, "What is stored, compressed and sealed."});
    out_.sample({{"kind", "content"}}, store.chunk_stored_bytes);
    out_.sample({{"kind", "metadata"}}, store.node_stored_bytes);
    out_.begin({"yore_repository_objects", gauge, "Pieces that are stored."});
    out_.sample({{"kind", "content"}}, store.chunks);
    out_.sample({{"kind", "metadata"}}, store.nodes);
    add({"yore_repository_packs", gauge, "Packs that are stored."}, store.packs);
    add_verified();
    add({"yore_repository_disk_bytes", gauge, "What the repository takes on its disk."},
        store.backend_bytes);
    if (facts_.free_bytes)
        add({"yore_repository_free_bytes", gauge, "What is left on that file system."},
            *facts_.free_bytes);
    add({"yore_repository_commits_total", counter, "Commits since the repository was made."},
        facts_.commits);
    add({"yore_repository_read_only", gauge,
         "1: a sync failed or the disk is full: nothing is stored until it is opened again."},
        std::uint64_t{facts_.read_only});
}

void MetricsText::add_verified() {
    const catalog::VerifiedSummary& verified = facts_.verified;
    add({"yore_verified_never_bytes", gauge,
         "What of the stored bytes no verify has read since they were stored."},
        verified.never_bytes);
    out_.begin({"yore_verified_bytes", gauge, "What of them was read in the last so many days."});
    for (std::size_t i = 0; i < verified.spans_days.size(); ++i)
        out_.sample({{"days", std::to_string(verified.spans_days[i])}}, verified.bytes_within[i]);
    out_.begin({"yore_verified_oldest_timestamp_seconds", gauge,
                "When that was last read which was read longest ago."});
    if (verified.oldest) out_.sample({}, in_seconds(*verified.oldest));
}

void MetricsText::add_cache() {
    const store::CacheStats& cache = facts_.cache;
    add({"yore_cache_hits_total", counter, "Pieces that were wanted and in memory."}, cache.hits);
    add({"yore_cache_misses_total", counter, "Pieces that were wanted and read from the store."},
        cache.misses);
    add({"yore_cache_evicted_total", counter, "Pieces that made room for others."}, cache.evicted);
    add({"yore_cache_bytes", gauge, "What is in memory now."}, cache.bytes);
    add({"yore_cache_limit_bytes", gauge, "What may be."}, facts_.cache_bytes_max);
}

std::vector<double> duration_bounds() {
    std::vector<double> bounds;
    for (unsigned i = 0; i + 1 < mount::OperationTimes::class_count; ++i)
        bounds.push_back(static_cast<double>(mount::OperationTimes::bound_ns(i)) / ns_per_second);
    return bounds;
}

void MetricsText::add_mounts() {
    const auto each_operation = [](const MountFacts& mount, auto&& visit) {
        for (std::size_t i = 0; i < mount::operation_count; ++i) {
            const bool is_of_writing = i >= mount::reading_operation_count;
            if (is_of_writing && mount.times[i] == mount::OperationTimes()) continue;
            visit(Labels{{"mount", mount.directory},
                         {"operation",
                          std::string(name_of(mount::Operation{static_cast<std::uint8_t>(i)}))}},
                  mount.times[i]);
        }
    };
    const auto bounds = duration_bounds();
    add_by_mount({"yore_fuse_operation_duration_seconds", MetricType::histogram,
                  "How long a mount took to answer the kernel."},
                 [&](const MountFacts& mount) {
                     each_operation(mount, [&](const Labels& labels, const auto& times) {
                         out_.histogram(labels, bounds, {times.counts.begin(), times.counts.end()},
                                        static_cast<double>(times.total_ns) / ns_per_second);
                     });
                 });
    add_by_mount({"yore_fuse_failures_total", counter,
                  "Answers that were an error of ours, such as damage: no mere absence."},
                 [&](const MountFacts& mount) {
                     each_operation(mount, [&](const Labels& labels, const auto& times) {
                         out_.sample(labels, times.failures);
                     });
                 });
    add_by_mount({"yore_mount_inodes", gauge, "Files that the kernel knows of a mount."},
                 [&](const MountFacts& mount) {
                     if (mount.inodes) out_.sample({{"mount", mount.directory}}, *mount.inodes);
                 });
}

void MetricsText::add_clones() {
    add({"yore_clones", gauge, "Clones that there are."}, std::uint64_t{facts_.clones.size()});
    out_.begin({"yore_clone_changed_bytes", gauge,
                "What the changed files of a clone take; of those that are mounted."});
    for (const CloneFacts& clone : facts_.clones)
        if (clone.changed_bytes) out_.sample({{"clone", clone.name}}, *clone.changed_bytes);
    out_.begin({"yore_clone_oldest_age_seconds", gauge, "How long ago the oldest was made."});
    const auto oldest = std::ranges::min_element(facts_.clones, {}, &CloneFacts::created);
    if (oldest != facts_.clones.end()) out_.sample({}, in_seconds(facts_.now - oldest->created));
}

}  // namespace

std::string metrics_text(const MetricFacts& facts) {
    return MetricsText(facts).all();
}

}  // namespace yore::command
