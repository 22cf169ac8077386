// SPDX-License-Identifier: Apache-2.0
/// clone-reset: `clone`. All that was changed in it is gone when it returns; the result is the
/// clone. Files in use: Errc::busy, and nothing is changed.
#include "command/clone_fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_clone_reset(Context& context, const Call& call) {
    const auto name = requested_clone(call.request);
    return describe(context.clones().reset(name, call.stop), context.clock().now());
}

}  // namespace yore::command
