// SPDX-License-Identifier: Apache-2.0
/// What every reading of a source needs, put together: a writer, the pipeline, the assembler.
#pragma once

#include <yore/catalog/catalog.h>

#include "ingest/assembler.h"
#include "ingest/counters.h"
#include "ingest/outbox.h"
#include "ingest/piece_cutter.h"
#include "ingest/xattrs.h"

namespace yore::ingest {

/// One tree, from its first step to its root.
class TreeRun {
  public:
    /// Both outlive the run.
    struct Order {
        store::Store& store;
        const store::ObjectCache& cache;
        std::function<void(const catalog::Problem&)> problem = {};
        std::function<void()> pause_point = {};  ///< as SnapshotOptions::pause_point
        Arrival arrival = Arrival::by_name;
        store::NodeSink* directories = nullptr;  ///< takes their nodes; null: the Writer does
    };
    TreeRun(const Order&, std::stop_token);

    store::Writer& writer() { return *writer_; }
    Outbox& outbox() { return outbox_; }
    PieceCutter& cutter() { return cutter_; }
    XattrReader& xattrs() { return xattrs_; }
    Counters& counters() { return counters_; }
    Problems& problems() { return problems_; }
    const GroupSizes& group_sizes() const { return rule_.sizes(); }

    /// `send` sends the steps of the source's directory; it says false when it sent none, as
    /// nothing has changed: nullopt. Chunks are appended, not committed.
    std::optional<tree::DirectoryBuilder::Built> write(const std::function<bool()>& send);
    /// Drops what is still on its way. Only the Writer may be used then.
    void abandon() { pipeline_.abandon(); }

  private:
    void deliver(Parcel&&);
    ChunkId store_value(ByteView);

    const std::function<void(const catalog::Problem&)> problem_;
    std::stop_token stop_;
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
