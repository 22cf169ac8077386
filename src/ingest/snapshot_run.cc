// SPDX-License-Identifier: Apache-2.0
#include "ingest/snapshot_run.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/random.h>

#include <algorithm>
#include <array>

#include <unistd.h>

namespace yore::ingest {
namespace {

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

Pipeline::Options pipeline_options() {
    Pipeline::Options options;
    options.workers = std::max(1u, std::thread::hardware_concurrency());
    // Enough for each worker to have large pieces, and for the walk to be ahead of them.
    options.bytes_max = (options.workers + 2) * (std::size_t{4} << 20);
    return options;
}

}  // namespace

SnapshotRun::SnapshotRun(const Order& order, std::stop_token stop)
    : order_(order),
      stop_(std::move(stop)),
      started_(order.clock.now()),
      name_(order.catalog.reserve_name(order.source.id, started_)),
      problems_(counters_, order.options.problem),
      writer_(order.catalog.store().write()),
      bounds_(order.catalog.store().keys().gear),
      gear_(order.catalog.store().keys().gear),
      cdc_(gear_),
      rule_(order.catalog.store().keys().gear, GroupSizes()),
      assembler_(*writer_, bounds_, order.cache),
      pipeline_(*writer_, pipeline_options(),
                [this](Parcel&& parcel) { deliver(std::move(parcel)); }),
      outbox_(pipeline_, rule_, order.options.pause_point, stop_),
      cutter_(outbox_, cdc_),
      xattrs_([this](ByteView value) { return store_value(value); }) {}

void SnapshotRun::deliver(Parcel&& parcel) {
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
ChunkId SnapshotRun::store_value(ByteView value) {
    store::Prepared prepared = writer_->prepare_chunk(value);
    const ChunkId id = prepared.chunk_id();
    writer_->append(std::move(prepared));
    return id;
}

tree::DirectoryBuilder::Built SnapshotRun::write_tree(const Work& work) {
    const bool sent = work.send();
    outbox_.flush();
    pipeline_.finish(stop_);
    if (sent) return assembler_.finish();
    YORE_ENSURE(work.unchanged.has_value());
    return {*work.unchanged, tree::Directory(order_.cache, *work.unchanged).totals()};
}

catalog::Snapshot SnapshotRun::finish(const Work& work) {
    catalog::Snapshot snapshot;
    try {
        const ProgressTicker ticker(counters_, work.bytes_expected, order_.options.progress);
        snapshot = describe(write_tree(work));
    } catch (const Error& error) {
        if (error.code() != Errc::cancelled) throw;
        keep_for_next_run();
        throw;
    }
    const store::RecordChange record[] = {catalog::Catalog::put(snapshot)};
    writer_->commit(record);
    return snapshot;
}

void SnapshotRun::keep_for_next_run() {
    pipeline_.abandon();
    try {
        writer_->commit({});
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
    snapshot.problems = problems_.take();
    const tree::Totals& totals = tree.totals;
    snapshot.counts = {totals.files,
                       totals.directories,
                       totals.others,
                       totals.bytes,
                       counters_.bytes_read.get(),
                       counters_.bytes_new.get(),
                       counters_.bytes_stored.get(),
                       counters_.files_unchanged.get(),
                       counters_.problems.get()};
    if (snapshot.counts.problems > 0) snapshot.outcome = catalog::Outcome::partial;
    snapshot.ended = order_.clock.now();
    return snapshot;
}

}  // namespace yore::ingest
