// SPDX-License-Identifier: Apache-2.0
/// clone-list: nothing asked. An event `clone` each.
#include "command/clone_fields.h"
#include "command/fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_clone_list(Context& context, const Call& call) {
    Fields(call.request).done();
    const auto clones = context.clones().list();
    for (const CloneStatus& clone : clones) {
        auto row = describe(clone, context.clock().now());
        row["event"] = "clone";
        call.output.event(row);
    }
    return {{"count", clones.size()}};
}

}  // namespace yore::command
