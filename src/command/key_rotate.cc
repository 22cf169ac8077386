// SPDX-License-Identifier: Apache-2.0
/// key-rotate: `slot` (absent: the only one), `kind`; the new secret is the input.
#include <yore/base/error.h>

#include "command/fields.h"
#include "command/key_slots.h"
#include "command/run.h"

namespace yore::command {
namespace {

store::SlotId slot_meant(const store::KeyFile& file, const std::optional<std::string>& digits) {
    if (digits) return find_slot(file, *digits);
    if (file.slots().size() != 1)
        throw Error(Errc::invalid, fmt::format("there are {} key slots", file.slots().size()),
                    {"name the one to change; `yore key list` shows all"});
    return file.slots().front().id;
}

}  // namespace

nlohmann::json run_key_rotate(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto slot = fields.optional_text("slot");
    const auto kind = fields.text("kind");
    fields.done();
    const auto secret = read_new_secret(kind, call);
    nlohmann::json result;
    context.change_key_file([&](store::KeyFile& file, const store::MasterKey& master) {
        const auto id = slot_meant(file, slot);
        file.rotate_slot(master, id, secret, context.random(), context.clock().now());
        result = {{"id", id.hex()}};
    });
    return result;
}

}  // namespace yore::command
