// SPDX-License-Identifier: Apache-2.0
/// The mount's tree without FUSE: names to nodes to bytes (DESIGN §2).
///
/// A Node stands for one file of the view with its full identity; two Nodes with equal identity
/// are the same file for the kernel (one page cache). A node is small, holds no decoded data, and
/// all that the view needs to know of it: nothing is kept for nodes that are let go.
/// Absence is a value; only damage throws. Any thread.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/format/log_position.h>
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

/// 128 bits of keyed hash over everything that the kernel may cache of the file: for a file with
/// one link its path in the source, attributes, xattrs and bytes (so that snapshots share it); for
/// one with several its inode instead of the path, and the snapshot; for directories the snapshot
/// and the place; for generated files their bytes.
struct Identity {
    std::array<std::uint64_t, 2> words{};
    auto operator<=>(const Identity&) const = default;
    std::uint64_t inode_number() const;  ///< st_ino: never 0 or 1
};

struct Attributes {
    tree::Attributes stat;         ///< kind, permissions, owner, size, times, link count
    std::uint64_t hole_bytes = 0;  ///< of a regular file's size
    bool immutable = true;         ///< false: they may change, so the kernel keeps them briefly
};

enum class NodeKind : std::uint8_t {
    root,
    readme,
    every,         ///< at/
    every_moment,  ///< at/<moment>/
    source_link,   ///< at/<moment>/SOURCE -> ../../SOURCE/at/<snapshot>
    source,
    info,
    windows,  ///< SOURCE/windows.json
    snapshots,
    latest,         ///< SOURCE/snapshots/latest -> <snapshot>
    at,             ///< SOURCE/at/
    plan,           ///< SOURCE/at/<moment>.json
    calendar,       ///< SOURCE/at/<day>/, <day>/<hour>/, <day>/<hour>/<minute>/
    calendar_link,  ///< <day>/<hour>/<minute>/<second> -> ../../../<moment>
    moment_link,    ///< SOURCE/at/{latest,earliest,now-5m} -> ../snapshots/<snapshot> or <moment>
    versions,       ///< SOURCE/versions/ and all directories below it
    logs,           ///< SOURCE/log/
    log,            ///< SOURCE/log/<incarnation>/
    segment,        ///< SOURCE/log/<incarnation>/<segment>
    stored          ///< a snapshot's top, also as SOURCE/at/<moment>, and all below it
};

/// One file of the view. What the fields mean follows from the kind.
struct Node {
    NodeKind kind = NodeKind::root;
    bool moving = false;  ///< its name may mean another file later: the kernel keeps it briefly
    std::uint32_t source = 0;
    Identity identity;
    Identity path;               ///< stored: keyed hash of the source and the path in it
    std::uint32_t snapshot = 0;  ///< stored: this view's number of the snapshot
    /// Stored: of its entry in `leaf`. Log, segment: the incarnation's number.
    std::uint32_t place = 0;
    NodeId leaf;
    Timestamp moment;  ///< every_moment, plan, links: also the second in a snapshot's name
    /// Of the snapshot's name; 0: a time alone; above the greatest ordinal: latest or earliest.
    /// Calendar: how many seconds it covers.
    std::uint32_t ordinal = 0;
    LogPosition position;  ///< segment: where it begins
    /// Versions: the path in the source; null: the source itself.
    std::shared_ptr<const std::string> versions_of;

    /// A directory in which nothing ever appears.
    bool is_final() const { return kind == NodeKind::stored; }
};

struct Listing {
    std::string_view name;
    tree::FileKind kind = tree::FileKind::directory;
    std::uint64_t cookie = 0;  ///< from 1 and below 2^62, rising: where a listing goes on
    /// Absent where finding it out takes more than the listing: then look the name up.
    std::optional<Node> node;
    Attributes attributes;  ///< when there is a node
};

class Replay;  // moment.h

class View {
  public:
    /// `replay` (it may be null, and outlives the view) makes the trees of moments between
    /// segments.
    View(catalog::Catalog&, const store::ObjectCache&, const Clock&, const Replay* = nullptr);
    ~View();

    Node root() const;
    /// No such name (or not a directory): nullopt.
    std::optional<Node> lookup(const Node& directory, std::string_view name) const;
    /// From a path relative to the root: follows the view's own links (`latest`), not stored ones.
    std::optional<Node> resolve(std::string_view path) const;
    Attributes attributes(const Node&) const;
    /// Entries behind the one with the cookie `after` (0 is the start), also when that one has gone
    /// or others have come; `visit` returns false to stop. Snapshots come in the order of time,
    /// stored entries in that of their names.
    void list(const Node& directory, std::uint64_t after,
              const std::function<bool(const Listing&)>& visit) const;
    std::string link_target(const Node&) const;
    /// For messages: the last part of a stored node's path; of a top, SOURCE/snapshots/NAME.
    std::string name_of(const Node& stored) const;

    /// Bytes of a file: stored content, also of a log segment, or the text of a generated file.
    std::variant<tree::ContentReader, std::string> open(const Node&) const;

    std::vector<std::string> xattr_names(const Node&) const;
    /// Stored ones and the generated ones, which are never listed. Absent: nullopt. Generated:
    /// `user.yore.snapshot` (its name) and `user.yore.time` (when it ended, RFC 3339) on
    /// directories inside snapshots; `user.yore.content-id` on regular files: equal ids are equal
    /// bytes (not always the reverse); `user.yore.uncertain` on marked ones (tree/uncertain.h).
    std::optional<Bytes> xattr(const Node&, std::string_view name) const;

    /// Names that appeared, went, or mean something else since the last call (the first: since the
    /// View was made): call after a commit.
    struct Appeared {
        Node directory;
        std::string name;
    };
    std::vector<Appeared> refresh();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::view
