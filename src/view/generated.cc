// SPDX-License-Identifier: Apache-2.0
/// Names in the places that are made from the catalog: everything above the snapshots.
#include <yore/base/error.h>

#include <algorithm>

#include "view/state.h"

namespace yore::view {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

/// A link's node says where it leads. Another target is another file: what the kernel kept of the
/// older one stays right.
Node link_to(const Identities& identities, NodeKind kind, std::uint32_t source,
             std::string_view name, const Opened& target) {
    Node node;
    node.kind = kind;
    node.moving = true;
    node.source = source;
    if (const auto* snapshot = std::get_if<catalog::SnapshotName>(&target.tree))
        put_moment(node, *snapshot);
    else
        put_moment(node, moment_meaning(target));
    node.identity = identities.generated(kind, source, fmt::format("{} {}", name, target.name()));
    return node;
}

bool is_moving_name(std::string_view name) {
    return name == "latest" || name == "earliest" || name.starts_with("now") ||
           name.starts_with("today") || name.starts_with("yesterday");
}

}  // namespace

MomentText moment_meaning(const Opened& opened) {
    return opened.position_name ? moment_at(opened) : timeline::Moment(opened.plan.time);
}

MomentText moment_at(const Opened& opened) {
    const auto& place = opened.plan.place;
    if (!place) return moment_meaning(opened);
    return timeline::Moment(timeline::AtPosition{place->incarnation, place->position});
}

void put_moment(Node& node, const MomentText& text) {
    if (const auto* name = std::get_if<NamedSnapshot>(&text)) {
        node.moment = Timestamp::from_seconds(name->second);
        node.ordinal = name->ordinal;
        return;
    }
    const auto& moment = std::get<timeline::Moment>(text);
    if (const auto* time = std::get_if<Timestamp>(&moment)) node.moment = *time;
    if (std::holds_alternative<timeline::Latest>(moment)) node.ordinal = latest_ordinal;
    if (std::holds_alternative<timeline::Earliest>(moment)) node.ordinal = earliest_ordinal;
    if (const auto* place = std::get_if<timeline::AtPosition>(&moment)) {
        node.ordinal = position_ordinal;
        node.place = place->incarnation.value_or(0);
        node.position = place->position;
    }
}

MomentText moment_of(const Node& node) {
    if (node.ordinal == 0) return timeline::Moment(node.moment);
    if (node.ordinal == latest_ordinal) return timeline::Moment(timeline::Latest{});
    if (node.ordinal == earliest_ordinal) return timeline::Moment(timeline::Earliest{});
    if (node.ordinal == position_ordinal)
        return timeline::Moment(timeline::AtPosition{node.place, node.position});
    return NamedSnapshot{node.moment.ns / ns_per_second, node.ordinal};
}

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

std::optional<Opened> View::State::open_at(std::uint32_t source, const MomentText& moment) const {
    auto answer = open_moment(records_of(source), moment, clock.now(), replay);
    if (auto* opened = std::get_if<Opened>(&answer)) return std::move(*opened);
    return std::nullopt;
}

std::optional<Node> View::State::find_every_moment(std::string_view name) const {
    const std::optional<MomentText> moment = parse_moment(name, clock.now());
    // A position is one source's.
    if (!moment || std::holds_alternative<NamedPosition>(*moment)) return std::nullopt;
    Node node;
    node.kind = NodeKind::every_moment;
    node.moving = true;
    put_moment(node, *moment);
    // Its listing is kept by the kernel, so one that holds other links is another directory.
    std::string detail = fmt::format("{} {} {}", name, node.moment.ns, node.ordinal);
    bool is_any_there = false;
    for (const catalog::Source& source : catalog.sources()) {
        const auto target = open_at(source.id, *moment);
        if (!target) continue;
        is_any_there = true;
        detail += fmt::format(" {}:{}", source.id, target->name());
    }
    if (!is_any_there) return std::nullopt;
    node.identity = identities.generated(NodeKind::every_moment, 0, detail);
    return node;
}

std::optional<Node> View::State::find_source_link(const Node& directory,
                                                  std::string_view name) const {
    const std::optional<catalog::Source> source = catalog.source(name);
    if (!source) return std::nullopt;
    const auto target = open_at(source->id, moment_of(directory));
    if (!target) return std::nullopt;
    Node node = link_to(identities, NodeKind::source_link, source->id, name, *target);
    node.identity =
        identities.below(directory.identity, fmt::format("{}/{}", name, target->name()));
    return node;
}

std::optional<Node> View::State::find_in_source(const Node& directory,
                                                std::string_view name) const {
    if (name == "snapshots") return place(NodeKind::snapshots, directory.source);
    if (name == "at") return place(NodeKind::at, directory.source);
    if (name == "log") return place(NodeKind::logs, directory.source);
    if (name == "versions") return versions_place(directory.source, "");
    const NodeKind kind = name == "windows.json" ? NodeKind::windows : NodeKind::info;
    if (kind == NodeKind::info && name != "info.json") return std::nullopt;
    const auto facts = sources.facts(directory.source);
    if (!facts) return std::nullopt;
    Node node = place(kind, directory.source);
    node.moving = true;
    node.identity = identities.generated(kind, directory.source, generated_text(node));
    return node;
}

std::optional<Node> View::State::find_in_snapshots(const Node& directory, std::string_view name) {
    if (name == "latest") {
        const auto facts = sources.facts(directory.source);
        if (!facts || facts->names.empty()) return std::nullopt;
        const auto newest = open_at(directory.source, facts->names.back());
        if (!newest) return std::nullopt;
        return link_to(identities, NodeKind::latest, directory.source, name, *newest);
    }
    const auto wanted = catalog::SnapshotName::parse(name);
    if (!wanted) return std::nullopt;
    const auto number = snapshots.number_of(directory.source, *wanted);
    return number ? std::optional(top(directory, name, *number)) : std::nullopt;
}

std::optional<Node> View::State::find_at(const Node& directory, std::string_view name) {
    const std::uint32_t source = directory.source;
    if (name.ends_with(".json")) return find_plan(source, name);
    if (auto day = find_day(directory, name)) return day;
    const std::optional<MomentText> moment = parse_moment(name, clock.now());
    if (!moment) return std::nullopt;
    const auto opened = open_at(source, *moment);
    if (!opened) return std::nullopt;
    if (is_moving_name(name))
        return link_to(identities, NodeKind::moment_link, source, name, *opened);
    const auto* snapshot = std::get_if<catalog::SnapshotName>(&opened->tree);
    const auto number = snapshot != nullptr
                            ? snapshots.number_of(source, *snapshot)
                            : std::optional(snapshots.number_of_tree(
                                  source, std::get<NodeId>(opened->tree), opened->plan.time));
    if (!number) return std::nullopt;
    // A directory of its own for each way to write a moment: the kernel keeps one name for each.
    Node node = top(directory, name, *number);
    node.moving = true;  // a snapshot that ended before this moment may still be committed, or go
    return node;
}

std::optional<Node> View::State::find_plan(std::uint32_t source, std::string_view name) const {
    name.remove_suffix(std::string_view(".json").size());
    const std::optional<MomentText> moment = parse_moment(name, clock.now());
    if (!moment) return std::nullopt;
    const auto opened = open_at(source, *moment);
    if (!opened) return std::nullopt;
    Node node;
    node.kind = NodeKind::plan;
    node.moving = true;
    node.source = source;
    put_moment(node, std::holds_alternative<NamedPosition>(*moment) ? moment_at(*opened) : *moment);
    node.identity = identities.generated(NodeKind::plan, source, generated_text(node));
    return node;
}

namespace {

std::vector<GeneratedRow> rows_in(const Node& directory, const catalog::Catalog& catalog) {
    std::vector<GeneratedRow> rows;
    switch (directory.kind) {
        case NodeKind::root:
            rows = {{1, "README.txt"}, {2, "at"}};
            [[fallthrough]];
        case NodeKind::every_moment:
            for (const catalog::Source& source : catalog.sources())
                rows.push_back({2ull + source.id, source.name});
            return rows;
        case NodeKind::source:
            return {{1, "at"},        {2, "info.json"}, {3, "log"},
                    {4, "snapshots"}, {5, "versions"},  {6, "windows.json"}};
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

std::vector<GeneratedRow> View::State::rows_of(const Node& directory) const {
    switch (directory.kind) {
        case NodeKind::at:
        case NodeKind::calendar:
            return calendar_rows(directory);
        case NodeKind::logs:
            return log_rows(directory);
        default:
            return rows_in(directory, catalog);
    }
}

void View::State::list_generated(const Node& directory, std::uint64_t after,
                                 const std::function<bool(const Listing&)>& visit) {
    if (directory.kind == NodeKind::snapshots) {
        const auto facts = sources.facts(directory.source);
        if (!facts || !list_snapshots(facts->names, after, visit)) return;
    }
    for (const GeneratedRow& row : rows_of(directory)) {
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
