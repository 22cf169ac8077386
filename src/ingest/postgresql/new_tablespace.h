// SPDX-License-Identifier: Apache-2.0
/// Tablespaces that no base backup has: a server on a copy of a moment behind their creation would
/// make them where the original has them.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/postgresql/lsn.h>
#include <yore/timeline/records.h>
#include <yore/view/cluster_log.h>

#include <optional>

namespace yore::ingest {

/// Whether what the log does there can be missing in the newest base backup. There is none: false,
/// as there are no moments.
bool is_behind_backup(const catalog::Catalog&, const catalog::Source&, postgresql::Lsn);
/// Whether the stored log makes one there. Reads the record of each segment behind the backup.
bool has_new_tablespace(const catalog::Catalog&, const catalog::Source&);
/// The first one that the stored log makes from there on, or in a later incarnation.
std::optional<view::ReplayDemands::Tablespace> tablespace_made_since(const catalog::Catalog&,
                                                                     const catalog::Source&,
                                                                     const timeline::LogPlace&);

}  // namespace yore::ingest
