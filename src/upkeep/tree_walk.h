// SPDX-License-Identifier: Apache-2.0
/// Walks every snapshot's tree, each shared part once.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>

#include <functional>
#include <roaring/roaring64map.hh>
#include <stop_token>
#include <string>

namespace yore::upkeep {

/// What a walk meets. Paths read `SOURCE@SNAPSHOT/path`.
class TreeVisitor {
  public:
    virtual ~TreeVisitor() = default;
    /// A directory's or list's top node that was not met before; returns whether to go into it.
    virtual bool node(const NodeId&, const std::string& path) = 0;
    /// An extent or an xattr's chunk.
    virtual void chunk(const ChunkId&, std::uint64_t end_in_chunk, const std::string& path) = 0;
    /// A node that cannot be read, or a shape that cannot be.
    virtual void damaged(const std::string& object, const std::string& text) = 0;
};

/// Throws Errc::cancelled when stopped; damage goes to the visitor.
void walk_tree(const store::ObjectCache&, const NodeId& root, const std::string& name, TreeVisitor&,
               const std::stop_token&);

/// A set of stored objects: a bitmap over their locations, not a table of hashes.
class LocationSet {
  public:
    /// Whether it is new in the set.
    bool add(Location location) { return bits_.addChecked(location.value); }
    bool contains(Location location) const { return bits_.contains(location.value); }

  private:
    Roaring64Map bits_;
};

}  // namespace yore::upkeep
