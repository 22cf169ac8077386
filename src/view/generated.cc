// SPDX-License-Identifier: Apache-2.0
/// Places that are made from the catalog: everything above the snapshots.
#include <yore/base/error.h>

#include <algorithm>

#include "view/state.h"
#include "view/texts.h"

namespace yore::view {
namespace {

bool is_moving(std::string_view name) {
    return name.starts_with("now");
}

/// A time, or the name of a snapshot: the moment right after it ended counts as its own.
std::optional<Timestamp> moment_of(std::string_view name, Timestamp now) {
    const std::optional<Timestamp> moment = parse_time(name, now);
    return moment && *moment <= now ? moment : std::nullopt;
}

}  // namespace

Node View::State::plain(NodeKind kind, std::uint32_t source) const {
    Node node;
    node.kind = kind;
    node.source = source;
    node.identity = identities.generated(kind, source);
    return node;
}

Node View::State::info(const catalog::Source& source) const {
    // Another content is another file: what the kernel kept of the older one stays right.
    const auto names = catalog.snapshot_names(source.id);
    Node node = plain(NodeKind::info, source.id);
    node.identity = identities.generated(
        NodeKind::info, source.id,
        names.empty() ? "" : fmt::format("{} {}", names.size(), names.back().text()));
    return node;
}

std::optional<Node> View::State::find_source(std::string_view name) const {
    if (name == "README.txt") return plain(NodeKind::readme, 0);
    if (name == "at") return plain(NodeKind::every, 0);
    const std::optional<catalog::Source> source = catalog.source(name);
    return source ? std::optional(plain(NodeKind::source, source->id)) : std::nullopt;
}

std::optional<Node> View::State::find_in_source(const Node& directory,
                                                std::string_view name) const {
    if (name == "snapshots") return plain(NodeKind::snapshots, directory.source);
    if (name == "at") return plain(NodeKind::at, directory.source);
    if (name != "info.json") return std::nullopt;
    const std::optional<catalog::Source> source = catalog.source(directory.source);
    return source ? std::optional(info(*source)) : std::nullopt;
}

std::optional<Node> View::State::link_to(std::uint32_t source,
                                         std::optional<catalog::SnapshotName> target,
                                         std::string_view name) {
    if (!target) return std::nullopt;
    const std::optional<std::uint32_t> number = snapshots.number_of(source, *target);
    if (!number) return std::nullopt;
    Node node;
    node.kind = NodeKind::snapshot_link;
    node.source = source;
    node.snapshot = *number;
    node.moving = true;
    node.place = name == "latest" ? 0 : 1;  // within snapshots/, or beside it
    node.identity = identities.generated(NodeKind::snapshot_link, source,
                                         fmt::format("{} {}", name, target->text()));
    return node;
}

std::optional<Node> View::State::find_in_snapshots(const Node& directory, std::string_view name) {
    if (name == "latest") {
        const auto names = catalog.snapshot_names(directory.source);
        if (names.empty()) return std::nullopt;
        auto link = link_to(directory.source, names.back(), name);
        if (link) link->place = 0;
        return link;
    }
    const auto wanted = catalog::SnapshotName::parse(name);
    if (!wanted || wanted->text() != name) return std::nullopt;
    const std::optional<std::uint32_t> number = snapshots.number_of(directory.source, *wanted);
    if (!number) return std::nullopt;
    return top(*number, directory.identity, name);
}

std::optional<Node> View::State::find_at(const Node& directory, std::string_view name) {
    const std::uint32_t source = directory.source;
    if (name == "latest" || name == "earliest") {
        const auto names = catalog.snapshot_names(source);
        if (names.empty()) return std::nullopt;
        auto link = link_to(source, name == "latest" ? names.back() : names.front(), name);
        if (link) link->place = 1;
        return link;
    }
    const std::optional<Timestamp> moment = moment_of(name, clock.now());
    if (!moment) return std::nullopt;
    const std::optional<catalog::Snapshot> snapshot = catalog.at_or_before(source, *moment);
    if (!snapshot) return std::nullopt;
    if (is_moving(name)) {
        auto link = link_to(source, snapshot->name, name);
        if (link) link->place = 1;
        return link;
    }
    const std::optional<std::uint32_t> number = snapshots.number_of(source, snapshot->name);
    if (!number) return std::nullopt;
    // A directory of its own for each way to write the moment: the kernel keeps one name for each.
    return top(*number, directory.identity, name);
}

std::optional<Node> View::State::find_every_moment(std::string_view name) const {
    const std::optional<Timestamp> moment = moment_of(name, clock.now());
    if (!moment) return std::nullopt;
    Node node;
    node.kind = NodeKind::every_moment;
    node.moment = moment->ns;
    node.moving = is_moving(name);
    node.identity =
        identities.generated(NodeKind::every_moment, 0, fmt::format("{} {}", name, moment->ns));
    return node;
}

std::optional<Node> View::State::find_every_link(const Node& directory,
                                                 std::string_view name) const {
    const std::optional<catalog::Source> source = catalog.source(name);
    if (!source || !catalog.at_or_before(source->id, {directory.moment})) return std::nullopt;
    Node node;
    node.kind = NodeKind::every_link;
    node.source = source->id;
    node.moment = directory.moment;
    node.identity = identities.below(directory.identity, name);
    return node;
}

std::string View::State::generated_target(const Node& node) const {
    if (node.kind == NodeKind::snapshot_link)
        return (node.place == 0 ? "" : "../snapshots/") + snapshots.get(node.snapshot).name.text();
    const std::optional<catalog::Source> source = catalog.source(node.source);
    return fmt::format("../../{}/at/{}", source ? source->name : "?", to_name({node.moment}));
}

std::string View::State::generated_text(const Node& node) const {
    if (node.kind == NodeKind::readme) return readme_text();
    const std::optional<catalog::Source> source = catalog.source(node.source);
    return source ? info_text(catalog, *source) : "{}\n";
}

Attributes View::State::generated_attributes(const Node& node) const {
    Attributes attributes;
    tree::Attributes& stat = attributes.stat;
    attributes.immutable = node.kind == NodeKind::readme;
    stat.kind = tree::FileKind::directory;
    stat.permissions = 0555;
    stat.link_count = 2;
    if (const auto source = catalog.source(node.source)) {
        stat.modified = source->created;
        if (const auto newest = catalog.latest(source->id)) stat.modified = newest->ended;
    }
    switch (node.kind) {
        case NodeKind::readme:
        case NodeKind::info:
            stat.kind = tree::FileKind::regular;
            stat.permissions = 0444;
            stat.link_count = 1;
            stat.size = generated_text(node).size();
            break;
        case NodeKind::snapshot_link:
        case NodeKind::every_link:
            stat.kind = tree::FileKind::symlink;
            stat.permissions = 0777;
            stat.link_count = 1;
            stat.size = generated_target(node).size();
            break;
        case NodeKind::every_moment:
            stat.modified = {node.moment};
            break;
        default:
            break;
    }
    stat.changed = stat.modified;
    return attributes;
}

namespace {

/// Names and nodes of a generated directory, in any order; nodes may be absent (see Listing).
struct Row {
    std::string name;
    tree::FileKind kind;
    std::optional<Node> node;
};

}  // namespace

void View::State::list_generated(const Node& directory, std::string_view after,
                                 const std::function<bool(const Listing&)>& visit) {
    constexpr auto dir = tree::FileKind::directory;
    constexpr auto link = tree::FileKind::symlink, file = tree::FileKind::regular;
    std::vector<Row> rows;
    const auto add = [&](std::string name, tree::FileKind kind, std::optional<Node> node) {
        if (name > after) rows.push_back({std::move(name), kind, std::move(node)});
    };
    switch (directory.kind) {
        case NodeKind::root:
            add("README.txt", file, plain(NodeKind::readme, 0));
            add("at", dir, plain(NodeKind::every, 0));
            for (const catalog::Source& source : catalog.sources())
                add(source.name, dir, plain(NodeKind::source, source.id));
            break;
        case NodeKind::source:
            for (const char* name : {"at", "snapshots"})
                add(name, dir, find_in_source(directory, name));
            add("info.json", file, std::nullopt);
            break;
        case NodeKind::snapshots:
            // 10,000 snapshots are 10,000 records: a listing of names reads none of them.
            for (const catalog::SnapshotName& name : catalog.snapshot_names(directory.source))
                add(name.text(), dir, std::nullopt);
            if (!catalog.snapshot_names(directory.source).empty())
                add("latest", link, std::nullopt);
            break;
        case NodeKind::at:
            if (catalog.snapshot_names(directory.source).empty()) break;
            for (const char* name : {"earliest", "latest"}) add(name, link, std::nullopt);
            break;
        case NodeKind::every_moment:
            for (const catalog::Source& source : catalog.sources())
                if (auto node = find_every_link(directory, source.name))
                    add(source.name, link, node);
            break;
        default:
            break;
    }
    std::ranges::sort(rows, {}, &Row::name);
    for (const Row& row : rows) {
        Listing listing;
        listing.name = row.name;
        listing.kind = row.kind;
        listing.node = row.node;
        if (row.node) listing.attributes = generated_attributes(*row.node);
        if (!visit(listing)) return;
    }
}

}  // namespace yore::view
