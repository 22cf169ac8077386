// SPDX-License-Identifier: Apache-2.0
/// The incarnations of a cluster's log: one for each timeline, with the number of the timeline, so
/// that a parent always has the lower one and the newest timeline is the newest incarnation.
///
/// Its name is the timeline as in names of files (`00000001`), its origin the cluster's system
/// identifier in decimal (empty: no more than a history file is known yet).
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/catalog/log.h>
#include <yore/ingest/postgresql_check.h>
#include <yore/postgresql/timeline_history.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace yore::ingest {

/// Histories of two clusters never mix: of another one than before is Errc::invalid. `what` came:
/// `the cluster at db1`, `000000010000000000000003`.
void check_cluster(const catalog::Catalog&, const catalog::Source&, std::uint64_t identifier,
                   const std::string& what);

/// An incarnation, and what makes it so. Computed from what is stored: who commits the changes
/// holds Catalog::change_logs from before.
struct TimelineRecord {
    catalog::LogIncarnation incarnation;
    std::vector<store::RecordChange> changes;
};

/// The timeline's incarnation. One that is not there begins a log of its own when it is the lowest
/// of the source; else its history must be known first: Errc::invalid, with how.
TimelineRecord incarnation_of(const catalog::Catalog&, const catalog::Source&,
                              std::uint64_t identifier, postgresql::Timeline, Timestamp now);

/// The same for a timeline whose history is known: it and its ancestors are there, with their
/// forks. A fork that is stored otherwise: Errc::exists.
TimelineRecord incarnation_of(const catalog::Catalog&, const catalog::Source&,
                              std::optional<std::uint64_t> identifier, postgresql::Timeline,
                              const std::vector<postgresql::TimelineSwitch>& history,
                              Timestamp now);

/// `00000002`.
std::string to_text(postgresql::Timeline);

}  // namespace yore::ingest
