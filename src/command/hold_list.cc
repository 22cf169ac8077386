// SPDX-License-Identifier: Apache-2.0
/// hold-list: nothing asked. An event `held` each, with `in_force`.
#include "command/fields.h"
#include "command/holds.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_hold_list(Context& context, const Call& call) {
    Fields(call.request).done();
    std::uint64_t count = 0;
    for (const auto& source : context.catalog().sources())
        for (const auto& hold : context.catalog().holds(source.id)) {
            auto row = describe(hold, source.name);
            row["event"] = "held";
            row["in_force"] = hold.in_force(context.clock().now());
            call.output.event(row);
            ++count;
        }
    return {{"count", count}};
}

}  // namespace yore::command
