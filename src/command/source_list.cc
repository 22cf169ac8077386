// SPDX-License-Identifier: Apache-2.0
/// source-list: nothing asked. An event `source` each, with `snapshots` and `latest`.
#include "command/describe.h"
#include "command/fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_source_list(Context& context, const Call& call) {
    Fields(call.request).done();
    const auto sources = context.catalog().sources();
    for (const auto& source : sources) {
        auto row = describe(source);
        const auto names = context.catalog().snapshot_names(source.id);
        row["event"] = "source";
        row["snapshots"] = names.size();
        row["latest"] = nullptr;
        if (!names.empty()) row["latest"] = names.back().text();
        call.output.event(row);
    }
    return {{"count", sources.size()}};
}

}  // namespace yore::command
