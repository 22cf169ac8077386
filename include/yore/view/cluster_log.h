// SPDX-License-Identifier: Apache-2.0
/// A PostgreSQL cluster's log as it is stored: incarnations are timelines, by their numbers, and
/// segments are those of `pg_wal`.
#pragma once

#include <yore/catalog/log.h>
#include <yore/postgresql/segment_name.h>

#include <optional>
#include <string>
#include <vector>

namespace yore::view {

/// `wal_segment_size` of the cluster, from where one of its segments lies. Of no cluster's log:
/// nullopt.
std::optional<postgresql::SegmentSize> wal_segment_size(const catalog::LogSegment&);

/// A history file that says what the incarnations do; the reasons of the switches are not kept. Not
/// known from where it forked off: nullopt. (`parent<TAB>switch<TAB>reason`, as PostgreSQL's
/// src/backend/access/transam/timeline.c writes it.)
std::optional<std::string> history_text(const std::vector<catalog::LogIncarnation>&,
                                        postgresql::Timeline);

}  // namespace yore::view
