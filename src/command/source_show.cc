// SPDX-License-Identifier: Apache-2.0
/// source-show: `name`. The result is the source, with `snapshots` and `latest`.
#include <yore/base/error.h>

#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_source_show(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("name");
    fields.done();
    const auto source = find_source(context.catalog(), name);
    auto result = describe(source);
    result["snapshots"] = context.catalog().snapshot_names(source.id).size();
    const auto latest = context.catalog().latest(source.id);
    result["latest"] = latest ? describe(*latest, source.name) : nlohmann::json();
    return result;
}

}  // namespace yore::command
