// SPDX-License-Identifier: Apache-2.0
#include "view/snapshots.h"

#include <yore/base/error.h>

#include <algorithm>

namespace yore::view {

std::optional<ShownSnapshots::Number> ShownSnapshots::known(const Key& key) const {
    return kept_.with([&](const Kept& kept) -> std::optional<Number> {
        const auto found = kept.numbers.find(key);
        return found == kept.numbers.end() ? std::nullopt : std::optional(found->second);
    });
}

tree::EntryView ShownSnapshots::top_of(const NodeId& root) const {
    auto top = tree::Directory(cache_, root).find("root");
    if (!top || top->kind() != tree::FileKind::directory)
        throw Error(Errc::corrupt, fmt::format("node {}: its top is no directory", root.hex()));
    return *top;
}

Shown ShownSnapshots::load(const catalog::Snapshot& record) const {
    const tree::EntryView top = doing([&] { return "snapshot " + record.name.text(); },
                                      [&] { return top_of(record.root); });
    return {.source = record.source,
            .name = record.name,
            .id = record.id,
            .ended = record.ended,
            .leaf = top.leaf(),
            .place = top.place()};
}

std::uint32_t ShownSnapshots::number_of_tree(std::uint32_t source, const NodeId& root,
                                             Timestamp time) {
    const std::pair key(source, root);
    const auto known = kept_.with([&](const Kept& kept) {
        const auto found = kept.trees.find(key);
        return found == kept.trees.end() ? std::nullopt : std::optional(found->second);
    });
    if (known) return *known;
    const tree::EntryView top = top_of(root);
    Shown fresh{.source = source,
                .name = {},
                .id = *SnapshotId::from_bytes(root.view().first(SnapshotId::size)),
                .ended = time,
                .leaf = top.leaf(),
                .place = top.place()};
    return kept_.with([&](Kept& kept) {
        const auto next = static_cast<std::uint32_t>(kept.snapshots.size());
        const auto [at, is_new] = kept.trees.try_emplace(key, next);
        if (is_new) kept.snapshots.push_back(std::move(fresh));
        return at->second;
    });
}

std::optional<std::uint32_t> ShownSnapshots::number_of(std::uint32_t source,
                                                       catalog::SnapshotName name) {
    const Key key(source, name);
    const CommitNumber now = catalog_.store().last_commit();
    const std::optional<Number> before = known(key);
    if (before && before->as_of >= now) return before->number;
    const std::optional<catalog::Snapshot> record = catalog_.snapshot(source, name);
    if (!record) return std::nullopt;
    if (before && get(before->number).id == record->id) {
        kept_.with([&](Kept& kept) {
            Number& number = kept.numbers[key];
            if (number.number == before->number) number.as_of = std::max(number.as_of, now);
        });
        return before->number;
    }
    const Shown fresh = load(*record);
    return kept_.with([&](Kept& kept) {
        const auto [at, is_new] = kept.numbers.try_emplace(key);
        if (is_new || kept.snapshots[at->second.number].id != fresh.id) {
            at->second.number = static_cast<std::uint32_t>(kept.snapshots.size());
            kept.snapshots.push_back(fresh);
        }
        at->second.as_of = std::max(at->second.as_of, now);
        return at->second.number;
    });
}

const Shown& ShownSnapshots::get(std::uint32_t number) const {
    return *kept_.with([&](const Kept& kept) {
        YORE_ENSURE(number < kept.snapshots.size());
        return &kept.snapshots[number];
    });
}

}  // namespace yore::view
