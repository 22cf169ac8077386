// SPDX-License-Identifier: Apache-2.0
/// Directories: B-trees of FlatBuffers nodes, sorted by name bytes, read in place.
///
/// Node bounds come from a keyed hash of the names, so that one changed entry among a million
/// rewrites a few nodes. Every node is verified before it is used (src/format/tree.fbs,
/// docs/format/trees.md): what is wrong is `corrupt`, and names the node.
#pragma once

#include <yore/base/error.h>
#include <yore/crypto/secret.h>
#include <yore/store/object_cache.h>
#include <yore/tree/entry.h>

#include <array>
#include <functional>
#include <memory>
#include <string_view>

namespace yore::tree {

/// One entry, read in place; valid as long as it or a copy of it lives. Cheap to copy.
class EntryView {
  public:
    std::string_view name() const;
    Attributes attributes() const;
    FileKind kind() const;
    std::string_view target() const;
    std::optional<NodeId> child() const;  ///< directories
    Totals totals() const;                ///< directories
    Content content() const;              ///< regular files; copies the inline extents
    void content(Content& into) const;    ///< the same, into memory that is used again
    std::vector<Xattr> xattrs() const;
    bool has_xattrs() const;
    Entry copy() const;

    /// The leaf that holds it and its place there: together a name for it.
    const NodeId& leaf() const;
    std::uint32_t place() const;

  private:
    friend class Leaf;
    friend class Cursor;
    friend class DirectoryBuilder;
    std::shared_ptr<const class Leaf> leaf_;
    std::uint32_t place_ = 0;
};

/// Reads one directory. Holds no more than a path of nodes. Any thread.
class Directory {
  public:
    Directory(const store::ObjectCache&, NodeId top);

    std::optional<EntryView> find(std::string_view name) const;
    /// In name order, from the first name that is greater than `after` ("" is the start).
    /// `visit` returns false to stop.
    void scan(std::string_view after, const std::function<bool(const EntryView&)>& visit) const;
    /// In name order, from the entry before which there are `place` others: O(log n).
    void scan_from(std::uint64_t place, const std::function<bool(const EntryView&)>& visit) const;
    std::uint64_t entry_count() const;
    Totals totals() const;

  private:
    const store::ObjectCache& cache_;
    NodeId top_;
};
/// The entry at a known leaf and place (see EntryView::leaf).
EntryView entry_at(const store::ObjectCache&, const NodeId& leaf, std::uint32_t place);

/// Walks a directory in name order, a leaf at a time; for merging with a sorted listing.
class DirectoryCursor {
  public:
    DirectoryCursor(const store::ObjectCache&, NodeId top);
    DirectoryCursor(DirectoryCursor&&) noexcept;
    DirectoryCursor& operator=(DirectoryCursor&&) noexcept;
    ~DirectoryCursor();
    /// nullptr at the end. Valid until `advance`; a copy stays valid. May read the store.
    const EntryView* current();
    void advance();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Says after which names nodes end: a keyed hash, so that a node's bounds depend on the names near
/// it alone and tell nothing to who has no key. Part of the format. One for a repository; any
/// thread.
class NodeBounds {
  public:
    explicit NodeBounds(const crypto::SecretKey& gear_key);
    ~NodeBounds();
    /// Of a name at one level of a directory's B-tree; 0 is the leaves.
    std::uint64_t hash(unsigned level, std::string_view name) const;

  private:
    std::array<std::byte, 192> secret_;
};

/// For those that go down a tree: only a forged one has a directory below itself, without end.
/// `corrupt`.
Error own_ancestor(NodeId, std::string_view path);

/// Builds one directory. Entries come sorted by name bytes, each name once. Which entries come
/// decides the nodes, not how they came: an unchanged part gets the node ids that it had.
/// One thread at a time. The sink and the bounds outlive it.
class DirectoryBuilder {
  public:
    DirectoryBuilder(store::NodeSink&, const NodeBounds&);
    DirectoryBuilder(DirectoryBuilder&&) noexcept;
    ~DirectoryBuilder();

    /// Copies what it keeps. An illegal name or target, more xattr bytes than a node takes:
    /// `invalid`.
    void add(const Entry&);
    void add(const EntryView&);  ///< taken over as it is
    /// Writes the last nodes. An empty directory has a node too. Once.
    struct Built {
        NodeId top;
        Totals totals;
    };
    Built finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::tree
