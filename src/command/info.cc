// SPDX-License-Identifier: Apache-2.0
/// info: nothing asked. What the repository is and who has it open.
#include <yore/command/text.h>

#include "command/fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_info(Context& context, const Call& call) {
    Fields(call.request).done();
    nlohmann::json result;
    put_bytes(result, "repository", context.directory());
    context.with_key_file([&](const store::KeyFile& file) {
        result["id"] = file.repository().hex();
        result["created"] = to_rfc3339(file.created());
        result["format_version"] = store::format_version;
        result["features"] = {{"compatible", file.features().compatible},
                              {"read_only_compatible", file.features().read_only_compatible},
                              {"incompatible", file.features().incompatible}};
        result["encryption"] =
            file.encryption() == store::Encryption::none ? "none" : "aes-256-gcm";
        result["key_slots"] = file.slots().size();
    });
    result["read_only"] = context.store().read_only();
    result["commits"] = context.store().last_commit().value;
    result["sources"] = context.catalog().sources().size();
    result["cache_bytes"] = context.options().cache_bytes;
    result["mounts"] = list_of_bytes(context.mounts().directories());
    const auto& owner = context.options().owner;
    result["owner"] = {{"pid", owner.pid}, {"since", to_rfc3339(owner.since)}};
    put_bytes(result["owner"], "command", owner.command);
    return result;
}

}  // namespace yore::command
