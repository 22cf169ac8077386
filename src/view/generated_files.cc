// SPDX-License-Identifier: Apache-2.0
/// Attributes, texts and targets in the places that are made from the catalog.
#include <yore/base/error.h>

#include <algorithm>

#include "view/state.h"
#include "view/texts.h"

namespace yore::view {
namespace {

void become(tree::Attributes& stat, tree::FileKind kind, std::uint32_t permissions,
            std::size_t size) {
    stat.kind = kind;
    stat.permissions = permissions;
    stat.size = size;
}

}  // namespace

/// Of a link's target that is no snapshot.
std::string View::State::name_of(const Node& node, const MomentText& moment) const {
    if (node.ordinal == 0) return moment_name(node.moment);
    const auto opened = open_at(node.source, moment);
    if (!opened) throw Error(Errc::not_found, "the moment is gone");
    return opened->name();
}

std::string View::State::generated_target(const Node& node) const {
    const MomentText moment = moment_of(node);
    const auto* snapshot = std::get_if<NamedSnapshot>(&moment);
    const std::string target = snapshot != nullptr ? snapshot->text() : name_of(node, moment);
    if (node.kind == NodeKind::latest) return target;
    if (node.kind == NodeKind::calendar_link) return "../../../" + target;
    if (node.kind == NodeKind::moment_link)
        return snapshot != nullptr ? "../snapshots/" + target : target;
    const auto facts = sources.facts(node.source);
    if (!facts) throw Error(Errc::not_found, "the source is gone");
    return fmt::format("../../{}/at/{}", facts->source.name, target);
}

std::string View::State::generated_text(const Node& node) const {
    if (node.kind == NodeKind::readme) return readme_text();
    if (node.kind == NodeKind::windows) return windows_text(records_of(node.source));
    if (node.kind == NodeKind::plan) {
        const auto opened = open_at(node.source, moment_of(node));
        if (!opened) throw Error(Errc::not_found, "the moment is gone");
        return plan_text(records_of(node.source), *opened);
    }
    const auto facts = sources.facts(node.source);
    if (!facts) throw Error(Errc::not_found, "the source is gone");
    return facts->info;
}

Attributes View::State::generated_attributes(const Node& node) const {
    if (node.kind == NodeKind::segment) return segment_attributes(segment_of(node));
    Attributes attributes{.stat = {}, .immutable = false};
    tree::Attributes& stat = attributes.stat;
    become(stat, tree::FileKind::directory, 0555, 0);  // one link: not counted, as btrfs says it
    if (node.source != 0) {
        if (const auto facts = sources.facts(node.source)) stat.modified = facts->modified;
    } else {
        for (const catalog::Source& source : catalog.sources())
            if (const auto facts = sources.facts(source.id))
                stat.modified = std::max(stat.modified, facts->modified);
    }
    if (is_generated_file(node))
        become(stat, tree::FileKind::regular, 0444, generated_text(node).size());
    if (is_generated_link(node))
        become(stat, tree::FileKind::symlink, 0777, generated_target(node).size());
    stat.changed = stat.modified;
    return attributes;
}

}  // namespace yore::view
