// SPDX-License-Identifier: Apache-2.0
/// What every kind of snapshot needs besides its tree: a name, progress, its record.
#pragma once

#include <yore/catalog/catalog.h>

#include "ingest/tree_run.h"

namespace yore::ingest {

/// One snapshot from its name to its commit.
class SnapshotRun {
  public:
    /// What it is asked to do; all outlive it.
    struct Order {
        catalog::Catalog& catalog;
        const store::ObjectCache& cache;
        const catalog::Source& source;
        const SnapshotOptions& options;
        const Clock& clock;
        /// When the source was as it is read now; null: now.
        std::optional<Timestamp> as_of = {};
        Arrival arrival = Arrival::by_name;
    };
    /// The newest snapshot of the source is later than `as_of`: Errc::busy.
    SnapshotRun(const Order&, std::stop_token);

    TreeRun& tree() { return tree_; }

    struct Work {
        /// Sends the steps of the source's directory; false: it sent none, nothing has changed.
        std::function<bool()> send;
        std::optional<NodeId> unchanged;  ///< the previous snapshot's root
        std::optional<std::uint64_t> bytes_expected;
        /// Says more in the record, after `send`.
        std::function<void(catalog::Snapshot&)> describe;
        /// What else the snapshot's commit changes; called with Catalog::change_logs held. May be
        /// empty.
        std::function<std::vector<store::RecordChange>()> besides;
    };
    /// Does the work and commits the snapshot. Stopped: what was stored is committed without a
    /// record, so that the next run finds it, and `cancelled` is thrown.
    catalog::Snapshot finish(const Work&);

  private:
    tree::DirectoryBuilder::Built write_tree(const Work&);
    catalog::Snapshot describe(const tree::DirectoryBuilder::Built&);
    void commit(const catalog::Snapshot&, const Work&);
    void keep_for_next_run();

    const Order order_;
    Timestamp started_;
    catalog::Reservation name_;
    TreeRun tree_;
};

}  // namespace yore::ingest
