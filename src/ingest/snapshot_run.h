// SPDX-License-Identifier: Apache-2.0
/// What every kind of snapshot needs, put together: a writer, the pipeline, the assembler.
#pragma once

#include <yore/catalog/catalog.h>

#include "ingest/assembler.h"
#include "ingest/counters.h"
#include "ingest/outbox.h"
#include "ingest/piece_cutter.h"
#include "ingest/xattrs.h"

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
    };
    SnapshotRun(const Order&, std::stop_token);

    Outbox& outbox() { return outbox_; }
    PieceCutter& cutter() { return cutter_; }
    XattrReader& xattrs() { return xattrs_; }
    Counters& counters() { return counters_; }
    Problems& problems() { return problems_; }
    const GroupSizes& group_sizes() const { return rule_.sizes(); }

    struct Work {
        /// Sends the steps of the source's directory; false: it sent none, nothing has changed.
        std::function<bool()> send;
        std::optional<NodeId> unchanged;  ///< the previous snapshot's root
        std::optional<std::uint64_t> bytes_expected;
    };
    /// Does the work and commits the snapshot. Stopped: what was stored is committed without a
    /// record, so that the next run finds it, and `cancelled` is thrown.
    catalog::Snapshot finish(const Work&);

  private:
    void deliver(Parcel&&);
    tree::DirectoryBuilder::Built write_tree(const Work&);
    catalog::Snapshot describe(const tree::DirectoryBuilder::Built&);
    ChunkId store_value(ByteView);
    void keep_for_next_run();

    const Order order_;
    std::stop_token stop_;
    Timestamp started_;
    catalog::Reservation name_;
    Counters counters_;
    Problems problems_;

    std::unique_ptr<store::Writer> writer_;
    tree::NodeBounds bounds_;
    chunker::GearTable gear_;
    chunker::FastCdc cdc_;
    GroupRule rule_;
    Assembler assembler_;
    Pipeline pipeline_;  ///< its threads use what stands above
    Outbox outbox_;
    PieceCutter cutter_;
    XattrReader xattrs_;
};

}  // namespace yore::ingest
