// SPDX-License-Identifier: Apache-2.0
/// A cluster's files of settings that are not in its data directory (Debian keeps them in /etc), as
/// files of its base backup.
///
/// They lie in `yore_config/`, byte for byte: a server that starts does not look there, and the
/// manifest knows them.
#pragma once

#include <yore/catalog/source.h>

#include "ingest/counters.h"
#include "ingest/postgresql/cluster_files.h"

namespace yore::ingest {

inline constexpr char config_top[] = "yore_config";

/// The `*.conf` in the source's directory of settings and below it; it has none: empty. What cannot
/// be read is a problem of the snapshot.
ClusterFiles::HeldFiles read_config(const catalog::Source&, Problems&);

}  // namespace yore::ingest
