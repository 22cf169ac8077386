// SPDX-License-Identifier: Apache-2.0
/// The mount's tree without FUSE: names to nodes to bytes (DESIGN §2).
///
/// A Node stands for one file of the view with its full identity; two Nodes with equal identity
/// are the same file for the kernel (one page cache). A node is small and holds no decoded data.
/// Absence is a value; only damage throws. Any thread.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>
#include <yore/tree/content.h>
#include <yore/tree/directory.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace yore::view {

/// 128 bits of keyed hash over everything that the kernel may cache of the file: for a regular
/// file with one link its path in the source, attributes, xattrs and extents (so that snapshots
/// share it); for directories, links and generated files also the snapshot or place.
struct Identity {
    std::array<std::uint64_t, 2> words{};
    auto operator<=>(const Identity&) const = default;
    std::uint64_t inode_number() const;  ///< st_ino: never 0 or 1
};

struct Attributes {
    tree::Attributes stat;   ///< kind, permissions, owner, size, times, link count
    bool immutable = true;   ///< false: the kernel may not keep it for ever
};

enum class NodeKind : std::uint8_t {
    root, readme,
    every,          ///< at/
    every_moment,   ///< at/<moment>/
    every_link,     ///< at/<moment>/SOURCE -> ../../SOURCE/at/<moment>
    source, info, snapshots,
    at,             ///< SOURCE/at/
    snapshot_link,  ///< `latest`, `earliest`, `now-5m` -> a snapshot
    stored          ///< a snapshot's top and all below it
};

/// One file of the view. What the fields mean follows from the kind.
struct Node {
    NodeKind kind = NodeKind::root;
    Identity identity;
    std::uint32_t source = 0;
    std::uint32_t snapshot = 0;  ///< stored, snapshot_link: this view's number of the snapshot
    Identity path;               ///< stored: keyed hash of the source and the path in it
    NodeId leaf;                 ///< stored: where its entry lies
    std::uint32_t place = 0;
    std::int64_t moment = 0;     ///< every_moment, every_link: ns since 1970
    bool moving = false;         ///< what its name means changes with time
};

struct Listing {
    std::string_view name;
    tree::FileKind kind = tree::FileKind::directory;
    /// Absent where finding it out takes more than the listing: then look the name up.
    std::optional<Node> node;
    Attributes attributes;  ///< when there is a node
};

class View {
  public:
    View(catalog::Catalog&, const store::ObjectCache&, const Clock&);
    ~View();

    Node root() const;
    /// No such name (or not a directory): nullopt.
    std::optional<Node> lookup(const Node& directory, std::string_view name) const;
    /// From a path relative to the root: follows the view's own links (`latest`), not stored ones.
    std::optional<Node> resolve(std::string_view path) const;
    Attributes attributes(const Node&) const;
    /// Names in order after `after` ("" is the start); `visit` returns false to stop.
    void list(const Node& directory, std::string_view after,
              const std::function<bool(const Listing&)>& visit) const;
    std::string link_target(const Node&) const;

    /// Bytes of a file: stored content, or the text of a generated file.
    std::variant<tree::ContentReader, std::string> open(const Node&) const;

    std::vector<std::string> xattr_names(const Node&) const;
    /// Stored ones and the generated `user.yore.*`, which are never listed. Absent: nullopt.
    std::optional<Bytes> xattr(const Node&, std::string_view name) const;

    /// Names that appeared in directories that were shown before: call after a commit.
    struct Appeared {
        Node directory;
        std::string name;
    };
    std::vector<Appeared> refresh();

    struct Space {
        std::uint64_t bytes_stored, bytes_free, entries;
    };
    Space space() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::view
