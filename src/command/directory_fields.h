// SPDX-License-Identifier: Apache-2.0
/// Fields that requests about directories share.
#pragma once

#include <yore/command/context.h>
#include <yore/ingest/snapshot_job.h>

#include "command/fields.h"
#include "command/reporter.h"

namespace yore::command {

/// `one_file_system`, `keep_cache_dirs`, `keep_nodump`, `excludes`; not the path.
catalog::DirectoryOptions directory_options(Fields&);

/// `tags`; with what is avoided here, and events `progress` and `problem` to the reporter.
ingest::SnapshotOptions snapshot_options(Context&, Fields&, Reporter&);

nlohmann::json describe(const ingest::Progress&);

}  // namespace yore::command
