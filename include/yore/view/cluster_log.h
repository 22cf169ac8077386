// SPDX-License-Identifier: Apache-2.0
/// A PostgreSQL cluster's log as it is stored: incarnations are timelines, by their numbers, and
/// segments are those of `pg_wal`.
#pragma once

#include <yore/catalog/log.h>
#include <yore/postgresql/segment_name.h>
#include <yore/postgresql/wal_record.h>
#include <yore/timeline/plan.h>

#include <optional>
#include <string>
#include <vector>

namespace yore::view {

/// `wal_segment_size` of the cluster, from where one of its segments lies. Of no cluster's log:
/// nullopt.
std::optional<postgresql::SegmentSize> wal_segment_size(const catalog::LogSegment&);

/// What a record asks of the server that replays it, as a segment keeps it: limits that must not be
/// lower, and directories of new tablespaces. Most ask nothing.
std::vector<catalog::LogDemand> demands_of(const postgresql::WalRecord&,
                                           const postgresql::WalFact&);

/// What a stretch of log asks of the server that replays it.
struct ReplayDemands {
    struct Tablespace {
        std::uint32_t oid = 0;
        std::string path;  ///< on the original's host
    };
    postgresql::RecoveryLimits limits;
    /// That it makes: replay makes `pg_tblspc/OID` a link to the path, whose files it then changes,
    /// also on the host on which the original uses them.
    std::vector<Tablespace> tablespaces;

    /// Of the segment's records from `from` to `until`, both of which are in it.
    void take(const catalog::LogSegment&, LogPosition from, LogPosition until);
};
/// Of all records of a plan: `target` is the last one. Reads each segment's record.
ReplayDemands replay_demands(const catalog::Logs&, std::uint32_t source,
                             const std::vector<timeline::LogRange>&, LogPosition target);

/// A history file that says what the incarnations do; the reasons of the switches are not kept. Not
/// known from where it forked off: nullopt. (`parent<TAB>switch<TAB>reason`, as PostgreSQL's
/// src/backend/access/transam/timeline.c writes it.)
std::optional<std::string> history_text(const std::vector<catalog::LogIncarnation>&,
                                        postgresql::Timeline);

}  // namespace yore::view
