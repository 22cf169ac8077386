// SPDX-License-Identifier: Apache-2.0
/// clone-show: `clone`. The result is the clone.
#include "command/clone_fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_clone_show(Context& context, const Call& call) {
    return describe(context.clones().show(requested_clone(call.request)), context.clock().now());
}

}  // namespace yore::command
