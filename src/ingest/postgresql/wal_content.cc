// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/wal_content.h"

#include <yore/base/error.h>
#include <yore/chunker/chunker.h>
#include <yore/view/log_replay.h>

#include <algorithm>
#include <cstring>

namespace yore::ingest {
namespace {

Pipeline::Options pipeline_options() {
    Pipeline::Options options;
    options.workers = std::max(1u, std::thread::hardware_concurrency());
    options.bytes_max = (options.workers + 2) * (std::size_t{1} << 20);
    return options;
}

}  // namespace

WalContent::WalContent(store::Writer& writer, const std::stop_token& stop)
    : writer_(writer), stop_(stop), pipeline_(writer, pipeline_options(), [this](Parcel&& parcel) {
          store::Prepared& prepared = *parcel.prepared;
          extents_.push_back({prepared.plain_bytes(), prepared.chunk_id(), 0});
          writer_.append(std::move(prepared));
      }) {}

void WalContent::add(const std::shared_ptr<const Buffer>& block, std::size_t bytes) {
    Parcel parcel;
    parcel.piece = Piece{block, block->view().first(bytes), 0, {}};
    parcel.piece->hints.content = store::Content::log;
    pipeline_.submit(std::move(parcel), stop_);
}

void WalContent::finish() {
    pipeline_.finish(stop_);
}

void WalContent::describe(catalog::LogSegment& segment, std::uint64_t bytes) const {
    tree::ContentBuilder builder(writer_);
    for (tree::Extent extent : extents_) {
        extent.length = std::min(extent.length, bytes - builder.size());
        builder.add(extent);
    }
    YORE_ENSURE(builder.size() == bytes);
    const tree::Content content = builder.finish();
    segment.bytes = bytes;
    segment.list = content.list;
    for (const tree::Extent& extent : content.extents)
        segment.extents.push_back({extent.length, *extent.chunk, extent.offset});
}

StoredCopy::StoredCopy(const store::ObjectCache& cache, const catalog::LogSegment& segment)
    : content_(cache, view::content_of(segment)), block_(chunker::log_block_bytes) {}

void StoredCopy::compare(std::uint64_t offset, ByteView bytes) {
    if (difference_ || offset >= size()) return;
    const std::size_t count = content_.read(offset, block_.span().first(bytes.size()));
    const ByteView stored = block_.view().first(count);
    if (std::memcmp(stored.data(), bytes.data(), count) == 0) return;
    const auto differs = std::ranges::mismatch(stored, bytes.first(count));
    difference_ = offset + static_cast<std::uint64_t>(differs.in1 - stored.begin());
}

}  // namespace yore::ingest
