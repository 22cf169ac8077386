// SPDX-License-Identifier: Apache-2.0
/// clone-remove: `clone`, `force` (though files are in use). The result has `clone`, `moment`, and
/// how many `mounts` this owner has still, those of clones among them.
#include "command/fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_clone_remove(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("clone");
    const auto in_use = fields.flag("force") ? Clones::InUse::detached : Clones::InUse::refused;
    fields.done();
    const CloneRecord removed = context.clones().remove(name, in_use, call.stop);
    return {{"clone", name},
            {"moment", removed.moment()},
            {"mounts", context.mounts().directories().size() + context.clones().live()}};
}

}  // namespace yore::command
