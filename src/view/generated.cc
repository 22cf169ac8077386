// SPDX-License-Identifier: Apache-2.0
/// Names in the places that are made from the catalog: everything above the snapshots.
#include <yore/base/error.h>

#include <algorithm>

#include "view/state.h"

namespace yore::view {
namespace {

/// A link's node says where it leads. Another target is another file: what the kernel kept of the
/// older one stays right.
Node link_to(const Identities& identities, NodeKind kind, std::uint32_t source,
             std::string_view name, catalog::SnapshotName target) {
    Node node;
    node.kind = kind;
    node.moving = true;
    node.source = source;
    node.moment = Timestamp::from_seconds(target.second);
    node.ordinal = target.ordinal;
    node.identity = identities.generated(kind, source, fmt::format("{} {}", name, target.text()));
    return node;
}

}  // namespace

Node View::State::place(NodeKind kind, std::uint32_t source) const {
    Node node;
    node.kind = kind;
    node.source = source;
    node.identity = identities.generated(kind, source);
    return node;
}

std::optional<Node> View::State::find_in_root(std::string_view name) const {
    if (name == "README.txt") return place(NodeKind::readme);
    if (name == "at") return place(NodeKind::every);
    const std::optional<catalog::Source> source = catalog.source(name);
    return source ? std::optional(place(NodeKind::source, source->id)) : std::nullopt;
}

std::optional<Node> View::State::find_every_moment(std::string_view name) const {
    const Timestamp now = clock.now();
    const std::optional<Moment> moment = parse_moment(name, now);
    if (!moment) return std::nullopt;
    // Its listing is kept by the kernel, so one that holds other links is another directory.
    std::string detail = fmt::format("{} {} {}", name, moment->time.ns, moment->ordinal);
    bool is_any_there = false;
    for (const catalog::Source& source : catalog.sources()) {
        const auto target = snapshot_at(catalog, source.id, *moment, now);
        if (!target) continue;
        is_any_there = true;
        detail += fmt::format(" {}:{}", source.id, target->text());
    }
    if (!is_any_there) return std::nullopt;
    Node node;
    node.kind = NodeKind::every_moment;
    node.moving = true;
    node.moment = moment->time;
    node.ordinal = moment->ordinal;
    node.identity = identities.generated(NodeKind::every_moment, 0, detail);
    return node;
}

std::optional<Node> View::State::find_source_link(const Node& directory,
                                                  std::string_view name) const {
    const std::optional<catalog::Source> source = catalog.source(name);
    if (!source) return std::nullopt;
    const auto target =
        snapshot_at(catalog, source->id, {directory.moment, directory.ordinal}, clock.now());
    if (!target) return std::nullopt;
    Node node = link_to(identities, NodeKind::source_link, source->id, name, *target);
    node.identity =
        identities.below(directory.identity, fmt::format("{}/{}", name, target->text()));
    return node;
}

std::optional<Node> View::State::find_in_source(const Node& directory,
                                                std::string_view name) const {
    if (name == "snapshots") return place(NodeKind::snapshots, directory.source);
    if (name == "at") return place(NodeKind::at, directory.source);
    if (name != "info.json") return std::nullopt;
    const auto facts = sources.facts(directory.source);
    if (!facts) return std::nullopt;
    Node node = place(NodeKind::info, directory.source);
    node.moving = true;
    node.identity = identities.generated(NodeKind::info, directory.source, facts->info);
    return node;
}

std::optional<Node> View::State::find_in_snapshots(const Node& directory, std::string_view name) {
    if (name == "latest") {
        const auto facts = sources.facts(directory.source);
        if (!facts || facts->names.empty()) return std::nullopt;
        return link_to(identities, NodeKind::latest, directory.source, name, facts->names.back());
    }
    const auto wanted = catalog::SnapshotName::parse(name);
    if (!wanted) return std::nullopt;
    const auto number = snapshots.number_of(directory.source, *wanted);
    return number ? std::optional(top(directory, name, *number)) : std::nullopt;
}

std::optional<Node> View::State::find_at(const Node& directory, std::string_view name) {
    const std::uint32_t source = directory.source;
    if (name == "latest" || name == "earliest") {
        const auto facts = sources.facts(source);
        if (!facts || facts->names.empty()) return std::nullopt;
        const auto& names = facts->names;
        return link_to(identities, NodeKind::moment_link, source, name,
                       name == "latest" ? names.back() : names.front());
    }
    const Timestamp now = clock.now();
    const std::optional<Moment> moment = parse_moment(name, now);
    if (!moment) return std::nullopt;
    const auto target = snapshot_at(catalog, source, *moment, now);
    if (!target) return std::nullopt;
    if (name.starts_with("now"))
        return link_to(identities, NodeKind::moment_link, source, name, *target);
    const auto number = snapshots.number_of(source, *target);
    if (!number) return std::nullopt;
    // A directory of its own for each way to write a moment: the kernel keeps one name for each.
    Node node = top(directory, name, *number);
    node.moving = true;  // a snapshot that ended before this moment may still be committed, or go
    return node;
}

namespace {

std::vector<std::string> names_in(const Node& directory, const catalog::Catalog& catalog) {
    switch (directory.kind) {
        case NodeKind::root:
        case NodeKind::every_moment: {
            std::vector<std::string> names;
            if (directory.kind == NodeKind::root) names = {"README.txt", "at"};
            for (const catalog::Source& source : catalog.sources()) names.push_back(source.name);
            std::ranges::sort(names);
            return names;
        }
        case NodeKind::source:
            return {"at", "info.json", "snapshots"};
        case NodeKind::at:
            return {"earliest", "latest"};
        case NodeKind::snapshots:
            return {"latest"};
        default:
            return {};
    }
}

/// Snapshots come without nodes: 10,000 of them are 10,000 records, and a listing reads none.
/// False: `visit` stopped.
bool list_snapshots(const std::vector<catalog::SnapshotName>& names, std::string_view after,
                    const std::function<bool(const Listing&)>& visit) {
    const auto first = std::ranges::partition_point(
        names, [&](const catalog::SnapshotName& name) { return name.text() <= after; });
    for (auto name = first; name != names.end(); ++name) {
        const std::string text = name->text();
        Listing listing;
        listing.name = text;
        if (!visit(listing)) return false;
    }
    return true;
}

}  // namespace

void View::State::list_generated(const Node& directory, std::string_view after,
                                 const std::function<bool(const Listing&)>& visit) {
    if (directory.kind == NodeKind::snapshots) {
        const auto facts = sources.facts(directory.source);
        if (!facts || !list_snapshots(facts->names, after, visit)) return;
    }
    for (const std::string& name : names_in(directory, catalog)) {
        if (name <= after) continue;
        Listing listing;
        listing.name = name;
        listing.node = find(directory, name);
        if (!listing.node) continue;
        listing.attributes = generated_attributes(*listing.node);
        listing.kind = listing.attributes.stat.kind;
        if (!visit(listing)) return;
    }
}

}  // namespace yore::view
