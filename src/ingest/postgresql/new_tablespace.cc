// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/new_tablespace.h"

#include <yore/catalog/log.h>
#include <yore/view/cluster_log.h>

namespace yore::ingest {
namespace {

/// Where in the log it was taken.
std::optional<catalog::SnapshotLog> newest_backup(const catalog::Catalog& catalog,
                                                  const catalog::Source& source) {
    const auto newest = catalog.latest(source.id);
    return newest ? newest->log : std::nullopt;
}

}  // namespace

/// No backup is kept whose own log makes one.
bool is_behind_backup(const catalog::Catalog& catalog, const catalog::Source& source,
                      postgresql::Lsn lsn) {
    const auto backup = newest_backup(catalog, source);
    return backup && postgresql::position_of(lsn) >= backup->start;
}

std::optional<view::ReplayDemands::Tablespace> tablespace_made_since(
    const catalog::Catalog& catalog, const catalog::Source& source,
    const timeline::LogPlace& place) {
    const catalog::Logs logs(catalog.store());
    view::ReplayDemands demands;
    for (const auto& incarnation : logs.incarnations(source.id)) {
        if (incarnation.number < place.incarnation) continue;
        logs.scan_segments(source.id, incarnation.number, place.position, [&](const auto& segment) {
            demands.take(segment, place.position, segment.end);
            return demands.tablespaces.empty();
        });
    }
    if (demands.tablespaces.empty()) return std::nullopt;
    return demands.tablespaces.front();
}

bool has_new_tablespace(const catalog::Catalog& catalog, const catalog::Source& source) {
    const auto backup = newest_backup(catalog, source);
    return backup &&
           tablespace_made_since(catalog, source, {backup->incarnation, backup->start}).has_value();
}

}  // namespace yore::ingest
