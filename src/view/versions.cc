// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/log.h>
#include <yore/tree/compare.h>
#include <yore/view/moment.h>
#include <yore/view/versions.h>

#include <algorithm>

namespace yore::view {
namespace {

std::vector<std::string> parts_of(std::string_view path) {
    std::vector<std::string> parts{"root"};  // the one entry of a state's root
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        parts.emplace_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

}  // namespace

std::string StoredState::name() const {
    const auto* snapshot = std::get_if<catalog::SnapshotName>(&tree);
    return snapshot != nullptr ? snapshot->text() : moment_name(time);
}

std::vector<StoredState> states_of(const catalog::Catalog& catalog, std::uint32_t source) {
    std::vector<StoredState> states;
    for (const auto& item : catalog.snapshot_line(source)->items)
        states.push_back({item.latest_end, item.name});
    const catalog::Logs logs(catalog.store());
    for (const catalog::LogIncarnation& incarnation : logs.incarnations(source))
        logs.scan_segments(source, incarnation.number, {}, [&](const catalog::LogSegment& segment) {
            if (segment.tree_after) states.push_back({segment.last_time, segment.tree_after->root});
            return true;
        });
    std::ranges::stable_sort(states, {}, &StoredState::time);
    return states;
}

std::optional<NodeId> root_of(const catalog::Catalog& catalog, std::uint32_t source,
                              const StoredState& state) {
    if (const auto* root = std::get_if<NodeId>(&state.tree)) return *root;
    const auto record = catalog.snapshot(source, std::get<catalog::SnapshotName>(state.tree));
    return record ? std::optional(record->root) : std::nullopt;
}

PathFollower::PathFollower(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                           std::uint32_t source, std::string_view path)
    : catalog_(catalog), cache_(cache), source_(source), parts_(parts_of(path)) {}

const std::optional<tree::EntryView>* PathFollower::go_to(const StoredState& state) {
    std::optional<NodeId> directory = root_of(catalog_, source_, state);
    if (!directory) return nullptr;
    std::optional<tree::EntryView> entry;
    std::vector<NodeId> passed;
    for (std::size_t depth = 0; depth < parts_.size() && directory; ++depth) {
        if (depth < directories_.size() && directories_[depth] == *directory) {
            const auto same = directories_.begin() + static_cast<std::ptrdiff_t>(depth);
            passed.insert(passed.end(), same, directories_.end());
            directories_ = std::move(passed);
            return &found_;
        }
        passed.push_back(*directory);
        entry = tree::Directory(cache_, *directory).find(parts_[depth]);
        directory = entry ? entry->child() : std::nullopt;
        if (!directory && depth + 1 < parts_.size()) entry.reset();
    }
    directories_ = std::move(passed);
    found_ = std::move(entry);
    return &found_;
}

void scan_versions(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                   std::uint32_t source, std::string_view path,
                   const std::function<bool(const Version&)>& visit) {
    PathFollower follower(catalog, cache, source, path);
    std::optional<tree::EntryView> before;
    for (const StoredState& state : states_of(catalog, source)) {
        const auto* entry = follower.go_to(state);
        if (entry == nullptr || (!before && !*entry)) continue;
        Version version{state, *entry};
        if (before && *entry) {
            const tree::EntryChange change = tree::change_between(*before, **entry);
            if (!change.content && !change.attributes) continue;
            version.content = change.content;
        }
        before = *entry;
        if (!visit(version)) return;
    }
}

}  // namespace yore::view
