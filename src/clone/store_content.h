// SPDX-License-Identifier: Apache-2.0
/// Stores the bytes of one changed file: extents of the tree below stay, but for those in which
/// something was written; these become one chunk each, a delta against the one that was there.
#pragma once

#include <yore/chunker/chunker.h>
#include <yore/clone/clone.h>
#include <yore/store/keyring.h>
#include <yore/store/writer.h>
#include <yore/tree/content.h>

#include <string_view>

#include "clone/contents.h"
#include "clone/kept_objects.h"

namespace yore::clone {

/// One thread at a time. All that it is given outlives it.
class ContentStorer {
  public:
    ContentStorer(const store::ObjectCache&, store::Writer&, const store::Keys&, StoredTree&,
                  KeptObjects&);

    /// Of an inode that is ready to be read.
    tree::Content store(const Contents&, const Inode&, std::string_view name);
    ChunkId put(ByteView, const store::ChunkHints&);

  private:
    struct File {
        const Contents& contents;
        const Inode& inode;
        std::uint64_t size;
        std::optional<chunker::Cutting> cutting;  ///< of what nothing is below; found out once
        std::string_view name;
    };
    /// Bytes that lie over one chunk's extent. As it was: that extent again.
    void add_over(const File&, const tree::PlacedExtent&, std::uint64_t end, tree::ContentBuilder&);
    /// Bytes with nothing below, or a hole.
    void add_new(File&, std::uint64_t begin, std::uint64_t end, tree::ContentBuilder&);
    std::size_t cut(File&, ByteView data) const;
    std::optional<store::DeltaBase> base_of(const tree::Extent&) const;

    const store::ObjectCache& cache_;
    store::Writer& writer_;
    const chunker::GearTable gear_;
    const chunker::FastCdc cdc_;
    StoredTree& stored_;
    KeptObjects& kept_;
};

}  // namespace yore::clone
