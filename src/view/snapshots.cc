// SPDX-License-Identifier: Apache-2.0
#include "view/snapshots.h"

#include <yore/base/error.h>

namespace yore::view {

std::optional<std::uint32_t> ShownSnapshots::number_of(std::uint32_t source,
                                                       catalog::SnapshotName name) {
    const std::pair key(source, name);
    const auto known = kept_.with([&](const Kept& kept) -> std::optional<std::uint32_t> {
        const auto found = kept.numbers.find(key);
        return found == kept.numbers.end() ? std::nullopt : std::optional(found->second);
    });
    if (known) return known;
    const std::optional<catalog::Snapshot> record = catalog_.snapshot(source, name);
    if (!record) return std::nullopt;
    std::optional<tree::EntryView> top;
    tree::Directory(cache_, record->root).scan("", [&](const tree::EntryView& entry) {
        top = entry;
        return false;
    });
    if (!top || top->kind() != tree::FileKind::directory)
        throw Error(Errc::corrupt, fmt::format("node {}: the top of snapshot {} is no directory",
                                               record->root.hex(), name.text()));
    return kept_.with([&](Kept& kept) {
        const auto next = static_cast<std::uint32_t>(kept.snapshots.size());
        const auto [at, is_new] = kept.numbers.try_emplace(key, next);
        if (is_new)
            kept.snapshots.push_back({.source = source,
                                      .name = name,
                                      .id = record->id,
                                      .ended = record->ended,
                                      .leaf = top->leaf(),
                                      .place = top->place()});
        return at->second;
    });
}

const Shown& ShownSnapshots::get(std::uint32_t number) const {
    return *kept_.with([&](const Kept& kept) {
        YORE_ENSURE(number < kept.snapshots.size());
        return &kept.snapshots[number];
    });
}

}  // namespace yore::view
