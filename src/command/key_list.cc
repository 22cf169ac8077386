// SPDX-License-Identifier: Apache-2.0
/// key-list: nothing asked. An event `key` for each slot.
#include "command/fields.h"
#include "command/key_slots.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_key_list(Context& context, const Call& call) {
    Fields(call.request).done();
    std::vector<nlohmann::json> rows;
    context.with_key_file([&](const store::KeyFile& file) {
        for (const store::KeySlot& slot : file.slots()) rows.push_back(describe(slot));
    });
    for (auto& row : rows) {
        row["event"] = "key";
        call.output.event(row);
    }
    return {{"count", rows.size()}};
}

}  // namespace yore::command
