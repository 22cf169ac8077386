// SPDX-License-Identifier: Apache-2.0
/// The newest base backup that a server sent, and the moment at which it ended as it would have
/// been opened without it: of the base backup before it, rolled forward or not, and the log.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/command/context.h>

#include <string>

#include "command/row_sums.h"

namespace yore::command {

struct Comparison {
    catalog::Snapshot backup;
    std::string time;  ///< of the moment, as SOURCE@TIME has it
};

/// There is such a backup, and a base backup before it.
bool can_be_compared(const catalog::Catalog&, const catalog::Source&);
/// There is none, or the log is not stored up to its end (yet): Errc::not_found, with a hint.
Comparison find_comparison(Context&, const catalog::Source&);
/// Of a server on a throw-away clone of the backup, recovered to its end.
RowSums row_sums_of(Context&, const catalog::Source&, const Comparison&, const std::stop_token&);

}  // namespace yore::command
