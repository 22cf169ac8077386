// SPDX-License-Identifier: Apache-2.0
#include "timeline/system_records.h"

#include <algorithm>
#include <ranges>

namespace yore::timeline {

std::vector<std::uint32_t> systems_of(const Records& records) {
    std::vector<std::uint32_t> systems;
    for (const Incarnation& each : records.incarnations())
        if (systems.empty() || systems.back() != each.system) systems.push_back(each.system);
    return systems;
}

SystemRecords::SystemRecords(const Records& all, std::uint32_t system)
    : all_(all), end_(all.snapshot_count()) {
    const auto every = all.incarnations();
    const auto own = std::ranges::equal_range(every, system, {}, &Incarnation::system);
    incarnations_.assign(own.begin(), own.end());
    if (own.begin() != every.begin()) first_ = first_place_from(own.begin()->number);
    if (own.end() != every.end()) end_ = first_place_from(own.end()->number);
}

/// Of the snapshots that were taken beside this log or a newer one.
std::uint32_t SystemRecords::first_place_from(std::uint32_t incarnation) const {
    const auto places = std::views::iota(std::uint32_t{0}, all_.snapshot_count());
    const auto first = std::ranges::partition_point(places, [&](std::uint32_t place) {
        const auto log = all_.snapshot(place).log;
        return !log || log->incarnation < incarnation;
    });
    return static_cast<std::uint32_t>(first - places.begin());
}

std::optional<Snapshot> SystemRecords::counted(std::optional<Snapshot> snapshot) const {
    if (snapshot) snapshot->place -= first_;
    return snapshot;
}

Snapshot SystemRecords::snapshot(std::uint32_t place) const {
    return *counted(all_.snapshot(first_ + place));
}

std::optional<Snapshot> SystemRecords::snapshot_ended_by(Timestamp time) const {
    const auto found = all_.snapshot_ended_by(time);
    // How many of the system's had ended: all that the source has before the first later one. That
    // one may be an older system's, whose clock went ahead.
    std::uint32_t ended = found ? std::clamp(found->place + 1, first_, end_) - first_ : 0;
    if (ended == 0)
        while (ended < snapshot_count() && all_.snapshot(first_ + ended).ended <= time) ++ended;
    return ended == 0 ? std::nullopt : std::optional(snapshot(ended - 1));
}

std::optional<Snapshot> SystemRecords::newest_base(LogPlace place) const {
    return counted(all_.newest_base(place));
}

std::optional<Snapshot> SystemRecords::oldest_base(LogPlace place) const {
    return counted(all_.oldest_base(place));
}

std::vector<Incarnation> SystemRecords::incarnations() const {
    return incarnations_;
}

}  // namespace yore::timeline
