// SPDX-License-Identifier: Apache-2.0
/// What a View keeps, and the two halves of its tree: generated places and stored ones.
#pragma once

#include <yore/base/guarded.h>
#include <yore/view/view.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "view/identity.h"
#include "view/snapshots.h"

namespace yore::view {

struct View::State {
    State(catalog::Catalog& records, const store::ObjectCache& decoded, const Clock& time);

    // Generated places (generated.cc).
    std::optional<Node> find_source(std::string_view name) const;
    std::optional<Node> find_in_source(const Node&, std::string_view name) const;
    std::optional<Node> find_in_snapshots(const Node&, std::string_view name);
    std::optional<Node> find_at(const Node&, std::string_view name);
    std::optional<Node> find_every_moment(std::string_view name) const;
    std::optional<Node> find_every_link(const Node&, std::string_view name) const;
    Node plain(NodeKind, std::uint32_t source) const;
    Node info(const catalog::Source&) const;
    std::optional<Node> link_to(std::uint32_t source, std::optional<catalog::SnapshotName>,
                                std::string_view name);
    Attributes generated_attributes(const Node&) const;
    std::string generated_text(const Node&) const;
    std::string generated_target(const Node&) const;
    void list_generated(const Node&, std::string_view after,
                        const std::function<bool(const Listing&)>& visit);

    // Stored ones (stored.cc).
    Node top(std::uint32_t snapshot, const Identity& directory, std::string_view name) const;
    Node child(const Node& directory, const tree::EntryView&, const tree::Attributes&) const;
    std::optional<Node> find_stored(const Node&, std::string_view name) const;
    void list_stored(const Node&, std::string_view after,
                     const std::function<bool(const Listing&)>& visit) const;
    tree::EntryView entry(const Node&) const;

    catalog::Catalog& catalog;
    const store::ObjectCache& cache;
    const Clock& clock;
    Identities identities;
    ShownSnapshots snapshots;
    Node root;

    /// What `refresh` last saw of each source: how many snapshots, and the newest.
    struct Seen {
        std::size_t count = 0;
        std::optional<catalog::SnapshotName> newest;
    };
    Guarded<std::map<std::uint32_t, Seen>> seen;
};

}  // namespace yore::view
