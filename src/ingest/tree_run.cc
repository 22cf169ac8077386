// SPDX-License-Identifier: Apache-2.0
#include "ingest/tree_run.h"

#include <algorithm>

namespace yore::ingest {
namespace {

Pipeline::Options pipeline_options() {
    Pipeline::Options options;
    options.workers = std::max(1u, std::thread::hardware_concurrency());
    // Enough for each worker to have large pieces, and for the walk to be ahead of them.
    options.bytes_max = (options.workers + 2) * (std::size_t{4} << 20);
    return options;
}

}  // namespace

TreeRun::TreeRun(const Order& order, std::stop_token stop)
    : problem_(order.problem),
      stop_(std::move(stop)),
      problems_(counters_, problem_),
      writer_(order.store.write()),
      bounds_(order.store.keys().gear),
      gear_(order.store.keys().gear),
      cdc_(gear_),
      rule_(order.store.keys().gear, GroupSizes()),
      assembler_(*writer_, order.directories != nullptr ? *order.directories : *writer_, bounds_,
                 order.cache, order.arrival),
      pipeline_(*writer_, pipeline_options(),
                [this](Parcel&& parcel) { deliver(std::move(parcel)); }),
      outbox_(pipeline_, rule_, order.pause_point, stop_),
      cutter_(outbox_, cdc_),
      xattrs_([this](ByteView value) { return store_value(value); }) {}

void TreeRun::deliver(Parcel&& parcel) {
    for (Step& step : parcel.steps) assembler_.apply(std::move(step));
    if (!parcel.piece) return;
    store::Prepared& prepared = *parcel.prepared;
    if (prepared.is_new()) {
        counters_.bytes_new.add(prepared.plain_bytes());
        counters_.bytes_stored.add(prepared.stored_bytes());
    }
    const ChunkId id = prepared.chunk_id();
    writer_->append(std::move(prepared));
    if (parcel.piece->group != 0)
        assembler_.finish_group(parcel.piece->group, id);
    else
        assembler_.add_piece(id, parcel.piece->bytes.size());
}

/// Large values are rare: not worth a way through the pipeline.
ChunkId TreeRun::store_value(ByteView value) {
    store::Prepared prepared = writer_->prepare_chunk(value);
    const ChunkId id = prepared.chunk_id();
    writer_->append(std::move(prepared));
    return id;
}

std::optional<tree::DirectoryBuilder::Built> TreeRun::write(const std::function<bool()>& send) {
    const bool sent = send();
    outbox_.flush();
    pipeline_.finish(stop_);
    if (!sent) return std::nullopt;
    return assembler_.finish();
}

}  // namespace yore::ingest
