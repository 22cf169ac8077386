// SPDX-License-Identifier: Apache-2.0
#include "ingest/snapshot_run.h"

#include <yore/base/error.h>
#include <yore/base/host.h>
#include <yore/base/log.h>
#include <yore/base/random.h>

#include <algorithm>

namespace yore::ingest {

SnapshotRun::SnapshotRun(const Order& order, std::stop_token stop)
    : order_(order),
      started_(order.as_of.value_or(order.clock.now())),
      name_(order.catalog.reserve_name(order.source.id, started_)),
      tree_({order.catalog.store(), order.cache, order.options.problem, order.options.pause_point,
             order.arrival},
            std::move(stop)) {
    const bool in_order =
        name_.name().second == catalog::SnapshotName::after(std::nullopt, started_).second;
    if (order.as_of && !in_order)
        throw Error(Errc::busy, fmt::format("{}: it has a snapshot that is later than {}",
                                            order.source.name, to_rfc3339(started_)));
}

tree::DirectoryBuilder::Built SnapshotRun::write_tree(const Work& work) {
    if (const auto built = tree_.write(work.send)) return *built;
    YORE_ENSURE(work.unchanged.has_value());
    return {*work.unchanged, tree::Directory(order_.cache, *work.unchanged).totals()};
}

catalog::Snapshot SnapshotRun::finish(const Work& work) {
    catalog::Snapshot snapshot;
    try {
        const ProgressTicker ticker(tree_.counters(), work.bytes_expected, order_.options.progress);
        snapshot = describe(write_tree(work));
        if (work.describe) work.describe(snapshot);
    } catch (const Error& error) {
        if (error.code() != Errc::cancelled) throw;
        keep_for_next_run();
        throw;
    }
    commit(snapshot, work);
    return snapshot;
}

/// Feeders of the log wait for a commit only when it changes what they build on.
void SnapshotRun::commit(const catalog::Snapshot& snapshot, const Work& work) {
    std::vector<store::RecordChange> changes;
    std::unique_lock<std::mutex> changing;
    if (work.besides) {
        changing = order_.catalog.change_logs();
        changes = work.besides();
        if (changes.empty()) changing.unlock();
    }
    changes.push_back(catalog::Catalog::put(snapshot));
    tree_.writer().commit(changes);
}

void SnapshotRun::keep_for_next_run() {
    tree_.abandon();
    try {
        tree_.writer().commit({});
    } catch (const Error& error) {
        log_warning("{}: what was stored is not kept: {}", order_.source.name, error.what());
    }
}

catalog::Snapshot SnapshotRun::describe(const tree::DirectoryBuilder::Built& tree) {
    catalog::Snapshot snapshot;
    SystemRandom().fill(snapshot.id.bytes);
    snapshot.source = order_.source.id;
    snapshot.name = name_.name();
    snapshot.started = started_;
    snapshot.root = tree.top;
    snapshot.host = host_name();
    snapshot.path = order_.source.directory.path;
    snapshot.tags = order_.options.tags;
    snapshot.problems = tree_.problems().take();
    const tree::Totals& totals = tree.totals;
    const Counters& counters = tree_.counters();
    snapshot.counts = {totals.files,
                       totals.directories,
                       totals.others,
                       totals.bytes,
                       counters.bytes_read.get(),
                       counters.bytes_new.get(),
                       counters.bytes_stored.get(),
                       counters.files_unchanged.get(),
                       counters.problems.get()};
    if (snapshot.counts.problems > 0) snapshot.outcome = catalog::Outcome::partial;
    snapshot.ended = order_.as_of.value_or(order_.clock.now());
    return snapshot;
}

}  // namespace yore::ingest
