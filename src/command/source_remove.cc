// SPDX-License-Identifier: Apache-2.0
/// source-remove: `name`. One with snapshots is not removed.
#include "command/fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_source_remove(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("name");
    fields.done();
    context.catalog().remove_source(name);
    return {{"name", name}};
}

}  // namespace yore::command
