// SPDX-License-Identifier: Apache-2.0
/// What a stored clone takes over from its moment. A moment that log was applied to has nodes and
/// chunks that are in memory alone: those are stored before a tree that is stored refers to them.
#pragma once

#include <yore/store/object_cache.h>
#include <yore/store/writer.h>
#include <yore/tree/directory.h>

namespace yore::clone {

/// One thread at a time. What it is given outlives it.
class KeptObjects {
  public:
    /// `root`: of the moment's tree. It is stored: so is all below it.
    KeptObjects(const store::ObjectCache&, store::Writer&, const tree::NodeBounds&,
                const NodeId& root);

    void add(const tree::EntryView&, tree::DirectoryBuilder& to);
    void keep(const ChunkId&);
    void keep(const tree::Content&);

  private:
    void keep_directory(const NodeId&);

    const store::ObjectCache& cache_;
    store::Writer& writer_;
    const tree::NodeBounds& bounds_;
    const bool all_is_stored_;
};

}  // namespace yore::clone
