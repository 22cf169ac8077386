// SPDX-License-Identifier: Apache-2.0
/// What a schedule of roll-forward asks about a source.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/command/jobs.h>
#include <yore/store/object_cache.h>
#include <yore/timeline/schedule_decision.h>

namespace yore::command {

/// Without a base backup, or of no cluster: nothing is behind it. Reads some 20 records, and those
/// of the jobs.
timeline::LogBehind log_behind(const catalog::Catalog&, const store::ObjectCache&, Jobs&,
                               std::uint32_t source, Timestamp now);

}  // namespace yore::command
