// SPDX-License-Identifier: Apache-2.0
/// The incarnations of a cluster's log: one for each timeline of each system that was behind the
/// source (view::incarnation_number).
///
/// The origin of each is the system identifier in decimal (empty: no more than a history file is
/// known yet): it is what a segment, a server or a data directory is known by.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/catalog/log.h>
#include <yore/ingest/postgresql_check.h>
#include <yore/postgresql/timeline_history.h>
#include <yore/view/cluster_log.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace yore::ingest {

/// One of the clusters that were, one after the other, behind a source.
struct System {
    std::uint32_t number = 1;
    std::optional<std::uint64_t> identifier;  ///< none: nothing tells it yet
};
/// Oldest first; nothing is stored of any: the first, unknown.
std::vector<System> systems_of(const catalog::Catalog&, const catalog::Source&);
/// The one that the source is now: the last of them.
System newest_system(const catalog::Catalog&, const catalog::Source&);

/// What comes goes to the system whose identifier it has; when nothing tells that of the newest
/// one, to this. `what` came: `the cluster at db1`, `000000010000000000000003`. Of a cluster that
/// the source never was: Errc::invalid, with what to do.
System system_of(const catalog::Catalog&, const catalog::Source&, std::uint64_t identifier,
                 const std::string& what);
/// The same for what is only taken of the newest system: of an older one is Errc::invalid, too.
System newest_system_of(const catalog::Catalog&, const catalog::Source&, std::uint64_t identifier,
                        const std::string& what);

/// An incarnation, and what makes it so. Computed from what is stored: who commits the changes
/// holds Catalog::change_logs from before.
struct TimelineRecord {
    catalog::LogIncarnation incarnation;
    std::vector<store::RecordChange> changes;
};

/// The timeline's incarnation. One that is not there begins a log of its own when it is the lowest
/// of the system; else its history must be known first: Errc::invalid, with how.
TimelineRecord incarnation_of(const catalog::Catalog&, const catalog::Source&, const System&,
                              postgresql::Timeline, Timestamp now);

/// The same for a timeline whose history is known: it and its ancestors are there, with their
/// forks. A fork that is stored otherwise: Errc::exists.
TimelineRecord incarnation_of(const catalog::Catalog&, const catalog::Source&, const System&,
                              postgresql::Timeline,
                              const std::vector<postgresql::TimelineSwitch>& history,
                              Timestamp now);

/// `00000002`.
std::string to_text(postgresql::Timeline);

}  // namespace yore::ingest
