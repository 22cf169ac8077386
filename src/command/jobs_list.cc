// SPDX-License-Identifier: Apache-2.0
/// jobs-list: `last` (how many that have ended; absent: all that are known). An event `job` each,
/// by number.
#include "command/fields.h"
#include "command/job.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_jobs_list(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto last = fields.number("last").value_or(Jobs::history_max);
    fields.done();
    const auto jobs = context.jobs().list();
    std::uint64_t ended = 0, count = 0;
    for (const auto& job : jobs) ended += has_ended(job.state) ? 1 : 0;
    for (const auto& job : jobs) {
        if (has_ended(job.state) && ended-- > last) continue;
        auto row = describe(job);
        row["event"] = "job";
        call.output.event(row);
        ++count;
    }
    return {{"count", count}};
}

}  // namespace yore::command
