// SPDX-License-Identifier: Apache-2.0
/// SOURCE/log: the stored segments of each incarnation of the log, as they are, under their native
/// names.
#include <yore/base/error.h>
#include <yore/format/journal.h>
#include <yore/view/cluster_log.h>

#include "view/state.h"

namespace yore::view {

std::vector<GeneratedRow> View::State::log_rows(const Node& directory) const {
    std::vector<GeneratedRow> rows;
    for (auto& incarnation : catalog::Logs(catalog.store()).incarnations(directory.source))
        rows.push_back({incarnation.number, std::move(incarnation.name)});
    return rows;
}

std::optional<Node> View::State::find_log(const Node& directory, std::string_view name) const {
    for (const GeneratedRow& row : log_rows(directory)) {
        if (row.name != name) continue;
        Node node = place(NodeKind::log, directory.source);
        node.place = static_cast<std::uint32_t>(row.cookie);
        node.identity = identities.generated(NodeKind::log, directory.source, name);
        return node;
    }
    return std::nullopt;
}

/// A segment that is taken up again, or takes the place of a shorter one, is another file.
Node View::State::segment_node(const Node& directory, const catalog::LogSegment& segment) const {
    std::string detail = fmt::format("{} {}", segment.begin.value, segment.bytes);
    for (const catalog::SegmentExtent& extent : segment.extents) detail += extent.chunk.hex();
    if (segment.list) detail += segment.list->hex();
    Node node;
    node.kind = NodeKind::segment;
    node.moving = true;
    node.source = directory.source;
    node.place = directory.place;
    node.position = segment.begin;
    node.identity = identities.below(directory.identity, detail);
    return node;
}

/// Segments of WAL are named by number: what each of them has of the log is known from where any of
/// them lies. A `.partial` one is just where the whole one would be.
std::optional<catalog::LogSegment> View::State::find_wal_segment(const Node& directory,
                                                                 std::string_view name) const {
    const catalog::Logs logs(catalog.store());
    const auto any = logs.segment_ending_after(directory.source, directory.place, {});
    const auto size = any ? wal_segment_size(*any) : std::nullopt;
    const auto file = size ? postgresql::parse_log_file_name(name, *size) : std::nullopt;
    if (!file) return std::nullopt;
    return logs.segment_ending_after(directory.source, directory.place,
                                     position_of(size->start_of(file->segment)));
}

/// Journals are named by position.
std::optional<Node> View::State::find_segment(const Node& directory, std::string_view name) const {
    const catalog::Logs logs(catalog.store());
    std::optional<Node> node;
    const auto take = [&](const catalog::LogSegment& segment) {
        if (segment.name == name) node = segment_node(directory, segment);
        return !node;
    };
    if (const auto position = format::parse_journal_name(name))
        if (const auto segment =
                logs.segment_ending_after(directory.source, directory.place, *position))
            take(*segment);
    if (!node)
        if (const auto segment = find_wal_segment(directory, name)) take(*segment);
    if (!node) logs.scan_segments(directory.source, directory.place, {}, take);
    return node;
}

void View::State::list_segments(const Node& directory, std::uint64_t after,
                                const std::function<bool(const Listing&)>& visit) const {
    // What ends behind `after` begins there or later: `after` is a begin, and one.
    const LogPosition from{after};
    const auto list = [&](const catalog::LogSegment& segment) {
        Listing listing;
        listing.name = segment.name;
        listing.cookie = segment.begin.value + 1;
        if (listing.cookie <= after) return true;
        listing.node = segment_node(directory, segment);
        listing.attributes = segment_attributes(segment);
        listing.kind = tree::FileKind::regular;
        return visit(listing);
    };
    catalog::Logs(catalog.store()).scan_segments(directory.source, directory.place, from, list);
}

Attributes View::State::segment_attributes(const catalog::LogSegment& segment) {
    Attributes attributes{.stat = {}, .immutable = false};
    attributes.stat.kind = tree::FileKind::regular;
    attributes.stat.permissions = 0444;
    attributes.stat.size = segment.bytes;
    attributes.stat.modified = attributes.stat.changed = segment.last_time;
    return attributes;
}

catalog::LogSegment View::State::segment_of(const Node& node) const {
    auto segment =
        catalog::Logs(catalog.store()).segment_ending_after(node.source, node.place, node.position);
    if (!segment || segment->begin != node.position)
        throw Error(Errc::not_found, "the log segment is gone");
    return std::move(*segment);
}

}  // namespace yore::view
