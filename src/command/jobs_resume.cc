// SPDX-License-Identifier: Apache-2.0
/// jobs-resume: `job` (its number). The result is the job.
#include "command/job.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_jobs_resume(Context& context, const Call& call) {
    return describe(context.jobs().resume(requested_job(call.request)));
}

}  // namespace yore::command
