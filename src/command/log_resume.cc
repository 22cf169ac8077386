// SPDX-License-Identifier: Apache-2.0
/// log-resume: `source`, which is paused. Who was to follow it does at once. The result has
/// `source` and `state` (`starting`; nobody follows it here: `not followed`).
#include <yore/base/log.h>

#include <algorithm>

#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_log_resume(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("source");
    fields.done();
    const auto source = find_source(context.catalog(), name);
    context.followers().resume(source);
    log_info("source {}: it may be followed again", source.name);
    const auto followers = context.followers().list();
    const bool is_here = std::ranges::count(followers, source.id, &FollowerStatus::source_id) != 0;
    return {{"source", source.name},
            {"state", is_here ? name_of(FollowerStatus::State::starting) : "not followed"}};
}

}  // namespace yore::command
