// SPDX-License-Identifier: Apache-2.0
/// jobs-pause: `job` (its number). Returns when it has stopped working. The result is the job.
#include "command/job.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_jobs_pause(Context& context, const Call& call) {
    return describe(context.jobs().pause(requested_job(call.request), call.stop));
}

}  // namespace yore::command
