// SPDX-License-Identifier: Apache-2.0
/// jobs-cancel: `job` (its number). Returns when it has ended. The result is the job.
#include "command/job.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_jobs_cancel(Context& context, const Call& call) {
    return describe(context.jobs().cancel(requested_job(call.request), call.stop));
}

}  // namespace yore::command
