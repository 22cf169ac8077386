// SPDX-License-Identifier: Apache-2.0
/// What a View keeps, and the two halves of its tree: generated places and stored ones.
#pragma once

#include <yore/base/guarded.h>
#include <yore/catalog/log.h>
#include <yore/view/identity.h>
#include <yore/view/moment.h>
#include <yore/view/versions.h>
#include <yore/view/view.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "view/snapshots.h"
#include "view/sources.h"

namespace yore::view {

/// A name of a generated directory. Cookies stay when other names come and go.
struct GeneratedRow {
    std::uint64_t cookie;
    std::string name;
};

struct View::State {
    State(catalog::Catalog& records, const store::ObjectCache& decoded, const Clock& time,
          const Replay* applies);

    std::optional<Node> find(const Node& directory, std::string_view name);

    // Generated places: names (generated.cc).
    std::optional<Node> find_in_root(std::string_view name) const;
    std::optional<Node> find_every_moment(std::string_view name) const;
    std::optional<Node> find_source_link(const Node& directory, std::string_view name) const;
    std::optional<Node> find_in_source(const Node& directory, std::string_view name) const;
    std::optional<Node> find_in_snapshots(const Node& directory, std::string_view name);
    std::optional<Node> find_at(const Node& directory, std::string_view name);
    Node place(NodeKind, std::uint32_t source = 0) const;
    /// What a moment of a source opens. Nothing: nullopt.
    std::optional<Opened> open_at(std::uint32_t source, const MomentText&) const;
    std::optional<Node> find_plan(std::uint32_t source, std::string_view name) const;
    SourceRecords records_of(std::uint32_t source) const {
        return SourceRecords(catalog, cache, source);
    }

    // SOURCE/versions (version_nodes.cc).
    Node versions_place(std::uint32_t source, const std::string& path) const;
    std::optional<Node> find_in_versions(const Node& directory, std::string_view name);
    std::optional<Node> find_version(const Node& directory, const std::string& path,
                                     std::string_view name);
    /// The node of `path` in one state of the source.
    std::optional<Node> stored_at(const Node& directory, const StoredState&,
                                  const std::string& path);
    void list_versions(const Node& directory, std::uint64_t after,
                       const std::function<bool(const Listing&)>& visit) const;

    // SOURCE/log (log_nodes.cc).
    std::optional<Node> find_log(const Node& directory, std::string_view name) const;
    std::optional<Node> find_segment(const Node& directory, std::string_view name) const;
    std::optional<catalog::LogSegment> find_wal_segment(const Node& directory,
                                                        std::string_view name) const;
    std::vector<GeneratedRow> log_rows(const Node& directory) const;
    void list_segments(const Node& directory, std::uint64_t after,
                       const std::function<bool(const Listing&)>& visit) const;
    /// It is gone, or another one is in its place: Errc::not_found.
    catalog::LogSegment segment_of(const Node&) const;
    Node segment_node(const Node& directory, const catalog::LogSegment&) const;
    static Attributes segment_attributes(const catalog::LogSegment&);

    // The calendar below an `at` (calendar.cc).
    std::optional<Node> find_day(const Node& at, std::string_view name) const;
    std::optional<Node> find_in_calendar(const Node& directory, std::string_view name) const;
    std::vector<GeneratedRow> calendar_rows(const Node& directory) const;
    std::vector<GeneratedRow> rows_of(const Node& directory) const;
    void list_generated(const Node&, std::uint64_t after,
                        const std::function<bool(const Listing&)>& visit);

    // Generated places: what they are (generated_files.cc).
    Attributes generated_attributes(const Node&) const;
    std::string generated_text(const Node&) const;
    std::string generated_target(const Node&) const;
    std::string name_of(const Node&, const MomentText&) const;

    // Stored ones (stored.cc).
    Node top(const Node& directory, std::string_view name, std::uint32_t snapshot) const;
    Attributes stored_attributes(const Node&) const;
    std::optional<Node> find_stored(const Node&, std::string_view name) const;
    void list_stored(const Node&, std::uint64_t after,
                     const std::function<bool(const Listing&)>& visit) const;
    tree::EntryView entry(const Node&) const;
    std::optional<Bytes> stored_xattr(const Node&, std::string_view name) const;

    catalog::Catalog& catalog;
    const store::ObjectCache& cache;
    const Clock& clock;
    const Replay* replay;
    Identities identities;
    Sources sources;
    ShownSnapshots snapshots;
    Node root;

    /// What `refresh` last saw of each source.
    struct Seen {
        std::string name;
        std::vector<catalog::SnapshotName> names;
    };
    std::map<std::uint32_t, Seen> look() const;
    Guarded<std::map<std::uint32_t, Seen>> seen;
};

/// Whether `link_target` is made by the view.
inline bool is_generated_link(const Node& node) {
    return node.kind == NodeKind::latest || node.kind == NodeKind::moment_link ||
           node.kind == NodeKind::source_link || node.kind == NodeKind::calendar_link;
}
inline bool is_generated_file(const Node& node) {
    return node.kind == NodeKind::readme || node.kind == NodeKind::info ||
           node.kind == NodeKind::windows || node.kind == NodeKind::plan;
}

// How a moment is kept in a node.
inline constexpr std::uint32_t latest_ordinal = 1u << 30, earliest_ordinal = latest_ordinal + 1,
                               position_ordinal = latest_ordinal + 2;
/// The moment as its name says it, and as its place says it when it has one.
MomentText moment_meaning(const Opened&);
MomentText moment_at(const Opened&);
void put_moment(Node&, const MomentText&);
MomentText moment_of(const Node&);

}  // namespace yore::view
