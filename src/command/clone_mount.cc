// SPDX-License-Identifier: Apache-2.0
/// clone-mount: `clone`. Returns when it is mounted, by this call or before; the result is the
/// clone.
#include "command/clone_fields.h"
#include "command/mountable.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_clone_mount(Context& context, const Call& call) {
    const auto name = requested_clone(call.request);
    check_mountable(context);
    return describe(context.clones().mount(name, call.stop), context.clock().now());
}

}  // namespace yore::command
