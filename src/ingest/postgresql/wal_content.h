// SPDX-License-Identifier: Apache-2.0
/// Stores the bytes of a segment in blocks, on all cores, and compares them with stored ones.
#pragma once

#include <yore/catalog/log.h>
#include <yore/store/object_cache.h>
#include <yore/tree/content.h>

#include <optional>
#include <vector>

#include "ingest/pipeline.h"

namespace yore::ingest {

/// One thread at a time. The Writer outlives it.
class WalContent {
  public:
    WalContent(store::Writer&, const std::stop_token&);

    /// The next bytes, at most `log_block_bytes`.
    void add(const std::shared_ptr<const Buffer>& block, std::size_t bytes);
    /// Waits until all is in the Writer.
    void finish();
    /// The first so many bytes of what was added become the segment's.
    void describe(catalog::LogSegment&, std::uint64_t bytes) const;

  private:
    store::Writer& writer_;
    const std::stop_token& stop_;
    std::vector<tree::Extent> extents_;
    Pipeline pipeline_;
};

/// Compares what comes by with a stored segment, as far as that one goes.
class StoredCopy {
  public:
    StoredCopy(const store::ObjectCache&, const catalog::LogSegment&);

    void compare(std::uint64_t offset, ByteView);
    std::uint64_t size() const { return content_.size(); }
    /// Offset of the first byte that is another; none: nullopt.
    std::optional<std::uint64_t> difference() const { return difference_; }

  private:
    tree::ContentReader content_;
    Buffer block_;
    std::optional<std::uint64_t> difference_;
};

}  // namespace yore::ingest
