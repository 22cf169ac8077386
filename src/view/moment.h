// SPDX-License-Identifier: Apache-2.0
/// How names in `at` directories are read.
#pragma once

#include <yore/catalog/catalog.h>

#include <optional>
#include <string_view>

namespace yore::view {

/// A time, a snapshot's name, or (ordinal 1) what can be either.
struct Moment {
    Timestamp time;             ///< or the second in the snapshot's name
    std::uint32_t ordinal = 0;  ///< of the snapshot's name; 0: a time alone
};

/// A time in any form of `parse_time`, or the name of a snapshot, there or not. Else: nullopt.
std::optional<Moment> parse_moment(std::string_view name, Timestamp now);

/// The snapshot that a moment means: the one that has this name, else the newest that ended at or
/// before this time. Nothing that old, or a time later than `now`: nullopt.
std::optional<catalog::SnapshotName> snapshot_at(const catalog::Catalog&, std::uint32_t source,
                                                 const Moment&, Timestamp now);

}  // namespace yore::view
