// SPDX-License-Identifier: Apache-2.0
/// A PostgreSQL cluster's log as it is stored: incarnations are the timelines of the systems that
/// were, one after the other, behind the source, and segments are those of `pg_wal`.
#pragma once

#include <yore/catalog/log.h>
#include <yore/postgresql/segment_name.h>
#include <yore/postgresql/wal_record.h>
#include <yore/timeline/plan.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::view {

/// A timeline of one of a source's systems. pg_upgrade makes another system of a cluster, whose
/// timelines begin with 1 again; `source upgrade` counts it here.
struct SystemTimeline {
    std::uint32_t system = 1;  ///< from 1; the newest has the greatest
    postgresql::Timeline timeline;
    auto operator<=>(const SystemTimeline&) const = default;
};
/// The number of its incarnation: that of the timeline in the low 20 bits, above them how many
/// systems were before. So the first system's are the timelines', a parent has a lower number than
/// what forked off it, and what is of a newer system a greater one. Too great for that:
/// Errc::unsupported.
std::uint32_t incarnation_number(const SystemTimeline&);
SystemTimeline system_timeline(std::uint32_t incarnation);
/// As in `log/<name>/`: `00000001`, of later systems `sys2-00000001`.
std::string incarnation_name(const SystemTimeline&);

/// `1` of `sys1-…`, with the word `sys`: takes it and the dash from the text. That begins
/// otherwise: nullopt, and it stays.
std::optional<std::uint32_t> take_numbered(std::string_view word, std::string_view& text);

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
        LogPosition made;  ///< the start of the record
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

/// The history file of one of the incarnations, as they say it; the reasons of the switches are not
/// kept. Not known from where it forked off: nullopt. (`parent<TAB>switch<TAB>reason`, as
/// PostgreSQL's src/backend/access/transam/timeline.c writes it.)
std::optional<std::string> history_text(const std::vector<catalog::LogIncarnation>&,
                                        std::uint32_t number);

}  // namespace yore::view
