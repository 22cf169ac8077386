// SPDX-License-Identifier: Apache-2.0
/// source-remove: `name`, `purge` (the name again, when its snapshots are to go too). The result
/// has `gone`: nothing is left of it; else its snapshots are kept under its policy.
#include <yore/base/error.h>

#include "command/fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_source_remove(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("name");
    const auto purge = fields.optional_text("purge");
    fields.done();
    auto& catalog = context.catalog();
    const Timestamp now = context.clock().now();
    if (!purge) return {{"name", name}, {"gone", catalog.remove_source(name, now)}};
    if (*purge != name)
        throw Error(Errc::invalid, fmt::format("{} is not {}: nothing was removed", *purge, name),
                    {"what is to be purged is named twice"});
    return {{"name", name}, {"gone", true}, {"snapshots", catalog.purge_source(name, now)}};
}

}  // namespace yore::command
