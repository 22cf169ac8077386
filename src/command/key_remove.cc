// SPDX-License-Identifier: Apache-2.0
/// key-remove: `slot` (its id or the first digits of it). The last one stays.
#include "command/fields.h"
#include "command/key_slots.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_key_remove(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto slot = fields.text("slot");
    fields.done();
    nlohmann::json result;
    context.change_key_file([&](store::KeyFile& file, const store::MasterKey& master) {
        const auto id = find_slot(file, slot);
        file.remove_slot(master, id);
        result = {{"id", id.hex()}, {"slots", file.slots().size()}};
    });
    return result;
}

}  // namespace yore::command
