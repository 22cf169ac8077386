// SPDX-License-Identifier: Apache-2.0
/// What a stored clone takes over from its moment. A moment that log was applied to has nodes and
/// chunks that are in memory alone: those are stored before a tree that is stored refers to them.
///
/// That one of them is in the store's index says nothing: it may be left of a snapshot that was
/// removed, and go with the next collect, or be there without what it refers to.
#pragma once

#include <yore/store/object_cache.h>
#include <yore/store/writer.h>
#include <yore/tree/directory.h>
#include <yore/view/log_replay.h>

namespace yore::clone {

/// One thread at a time. What it is given outlives it.
class KeptObjects {
  public:
    KeptObjects(const store::ObjectCache&, store::Writer&, const tree::NodeBounds&,
                const view::MadeObjects&);

    void add(const tree::EntryView&, tree::DirectoryBuilder& to);
    void keep(const ChunkId&);
    void keep(const tree::Content&);

  private:
    void keep_directory(const NodeId&);

    const store::ObjectCache& cache_;
    store::Writer& writer_;
    const tree::NodeBounds& bounds_;
    const view::MadeObjects& made_;
};

}  // namespace yore::clone
