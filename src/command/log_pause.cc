// SPDX-License-Identifier: Apache-2.0
/// log-pause: `source`. Nothing of it is followed until that is resumed, also by a later process.
/// Returns when who follows it here has stored what it had read. The result has `source`, `state`
/// and `paused_since`.
#include <yore/base/error.h>
#include <yore/base/log.h>

#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_log_pause(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("source");
    fields.done();
    const auto source = find_source(context.catalog(), name);
    if (source.removed)
        throw Error(Errc::not_found, fmt::format("source {} was removed", source.name),
                    {"nothing is stored of it any more"});
    context.followers().pause(source, call.stop);
    log_info("source {}: it is not followed until `yore log resume {}`", source.name, source.name);
    nlohmann::json result{{"source", source.name},
                          {"state", name_of(FollowerStatus::State::paused)},
                          {"paused_since", nullptr}};
    // Somebody may have resumed it meanwhile.
    if (const auto since = context.followers().paused_since(source.id))
        result["paused_since"] = to_rfc3339(*since);
    return result;
}

}  // namespace yore::command
