// SPDX-License-Identifier: Apache-2.0
/// key-add: `kind` (passphrase or keyfile), `label`; the new secret is the input. The result is the
/// new slot.
#include "command/fields.h"
#include "command/key_slots.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_key_add(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto kind = fields.text("kind");
    const auto label = fields.optional_text("label").value_or("");
    fields.done();
    const auto secret = read_new_secret(kind, call);
    nlohmann::json result;
    context.change_key_file([&](store::KeyFile& file, const store::MasterKey& master) {
        const auto id =
            file.add_slot(master, {secret, label}, context.random(), context.clock().now());
        result = {{"id", id.hex()}, {"slots", file.slots().size()}};
    });
    return result;
}

}  // namespace yore::command
