// SPDX-License-Identifier: Apache-2.0
/// snapshots: `source` (absent: of all). An event `snapshot` each, oldest first within a source.
#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/walk.h"

namespace yore::command {

nlohmann::json run_snapshots(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.optional_text("source");
    fields.done();
    const auto& catalog = context.catalog();
    const auto sources = name ? std::vector{find_source(catalog, *name)} : catalog.sources();
    std::uint64_t count = 0;
    for (const auto& source : sources) {
        for (const auto& snapshot_name : catalog.snapshot_names(source.id)) {
            check_stop(call.stop);
            const auto snapshot = catalog.snapshot(source.id, snapshot_name);
            if (!snapshot) continue;  // removed meanwhile
            auto row = describe(*snapshot, source.name);
            row["event"] = "snapshot";
            call.output.event(row);
            count += 1;
        }
    }
    return {{"count", count}};
}

}  // namespace yore::command
