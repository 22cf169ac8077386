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

/// A name of a generated directory. Cookies stay when other names come and go.
struct Row {
    std::uint64_t cookie;
    std::string name;
};

std::vector<Row> rows_in(const Node& directory, const catalog::Catalog& catalog) {
    std::vector<Row> rows;
    switch (directory.kind) {
        case NodeKind::root:
            rows = {{1, "README.txt"}, {2, "at"}};
            [[fallthrough]];
        case NodeKind::every_moment:
            for (const catalog::Source& source : catalog.sources())
                rows.push_back({2ull + source.id, source.name});
            return rows;
        case NodeKind::source:
            return {{1, "at"}, {2, "info.json"}, {3, "snapshots"}};
        case NodeKind::at:
            return {{1, "earliest"}, {2, "latest"}};
        case NodeKind::snapshots:
            return {{(1ull << 62) - 1, "latest"}};
        default:
            return {};
    }
}

std::uint64_t cookie_of(const catalog::SnapshotName& name) {
    static_assert(catalog::SnapshotName::ordinal_max < 1u << 14);
    constexpr std::int64_t years_before_1970 = 1ll << 40;
    return static_cast<std::uint64_t>(name.second + years_before_1970) << 14 | name.ordinal;
}

/// Snapshots come without nodes: 10,000 of them are 10,000 records, and a listing reads none.
/// False: `visit` stopped.
bool list_snapshots(const std::vector<catalog::SnapshotName>& names, std::uint64_t after,
                    const std::function<bool(const Listing&)>& visit) {
    const auto first = std::ranges::upper_bound(names, after, {}, cookie_of);
    for (auto name = first; name != names.end(); ++name) {
        const std::string text = name->text();
        Listing listing;
        listing.name = text;
        listing.cookie = cookie_of(*name);
        if (!visit(listing)) return false;
    }
    return true;
}

}  // namespace

void View::State::list_generated(const Node& directory, std::uint64_t after,
                                 const std::function<bool(const Listing&)>& visit) {
    if (directory.kind == NodeKind::snapshots) {
        const auto facts = sources.facts(directory.source);
        if (!facts || !list_snapshots(facts->names, after, visit)) return;
    }
    for (const Row& row : rows_in(directory, catalog)) {
        if (row.cookie <= after) continue;
        Listing listing;
        listing.name = row.name;
        listing.cookie = row.cookie;
        listing.node = find(directory, row.name);
        if (!listing.node) continue;
        listing.attributes = generated_attributes(*listing.node);
        listing.kind = listing.attributes.stat.kind;
        if (!visit(listing)) return;
    }
}

}  // namespace yore::view
