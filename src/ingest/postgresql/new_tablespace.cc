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

/// One that is made while a backup runs may be in it or not.
bool is_behind_backup(const catalog::Catalog& catalog, const catalog::Source& source,
                      postgresql::Lsn lsn) {
    const auto backup = newest_backup(catalog, source);
    return backup && postgresql::position_of(lsn) >= backup->start;
}

bool has_new_tablespace(const catalog::Catalog& catalog, const catalog::Source& source) {
    const auto backup = newest_backup(catalog, source);
    if (!backup) return false;
    const catalog::Logs logs(catalog.store());
    view::ReplayDemands demands;
    for (const auto& incarnation : logs.incarnations(source.id)) {
        if (incarnation.number < backup->incarnation) continue;
        logs.scan_segments(source.id, incarnation.number, backup->start, [&](const auto& segment) {
            demands.take(segment, backup->start, segment.end);
            return demands.tablespaces.empty();
        });
    }
    return !demands.tablespaces.empty();
}

}  // namespace yore::ingest
