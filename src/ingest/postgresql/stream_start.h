// SPDX-License-Identifier: Apache-2.0
/// From where on a server is asked for its log: what is stored says it, and nothing else.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/postgresql/timeline_history.h>

#include <span>

#include "ingest/postgresql/log_stream.h"
#include "ingest/postgresql/timelines.h"

namespace yore::ingest {

/// Behind what is stored of the system's newest timeline that leads to the server's: the end of its
/// tail, or the start of the segment that is not stored whole. Nothing of any is stored: the
/// segment in which the newest base backup of one starts; nor such a backup: that of `otherwise`,
/// on the server's timeline. `history` is of that one. The stored log is on a newer timeline than
/// the server: Errc::io. Nobody appends to the source's tails.
LogPlace place_to_begin(catalog::Catalog&, const catalog::Source&, const System&, const ServerLog&,
                        std::span<const postgresql::TimelineSwitch> history,
                        postgresql::Lsn otherwise);

}  // namespace yore::ingest
