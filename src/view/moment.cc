// SPDX-License-Identifier: Apache-2.0
#include "view/moment.h"

#include <algorithm>

namespace yore::view {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

}  // namespace

std::optional<Moment> parse_moment(std::string_view name, Timestamp now) {
    if (const auto exact = catalog::SnapshotName::parse(name))
        return Moment{Timestamp::from_seconds(exact->second), exact->ordinal};
    const auto time = parse_time(name, now);
    return time ? std::optional(Moment{*time, 0}) : std::nullopt;
}

std::optional<catalog::SnapshotName> snapshot_at(const catalog::Catalog& catalog,
                                                 std::uint32_t source, const Moment& moment,
                                                 Timestamp now) {
    if (moment.ordinal != 0) {
        const catalog::SnapshotName exact{moment.time.ns / ns_per_second, moment.ordinal};
        const auto names = catalog.snapshot_names(source);
        if (std::ranges::binary_search(names, exact)) return exact;
        if (moment.ordinal != 1) return std::nullopt;  // no way to write a time
    }
    if (moment.time > now) return std::nullopt;
    return catalog.name_at_or_before(source, moment.time);
}

}  // namespace yore::view
