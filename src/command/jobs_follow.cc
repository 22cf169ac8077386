// SPDX-License-Identifier: Apache-2.0
/// jobs-follow: `job` (its number). Its events `progress`, `problem` and `damage` from now on. The
/// result is the job when it has ended; `exit_code` is what the job's own command ended with.
#include "command/job.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_jobs_follow(Context& context, const Call& call) {
    const auto job = context.jobs().follow(requested_job(call.request), call.output, call.stop);
    auto result = describe(job);
    result["exit_code"] = static_cast<int>(exit_code_of(job));
    return result;
}

}  // namespace yore::command
