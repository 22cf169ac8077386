// SPDX-License-Identifier: Apache-2.0
/// clone-create: `moment` (SOURCE@TIME), `name`, `directory` (absolute; absent: below the owner's
/// place), `scratch` (absolute; absent: in the repository's directory), `max_bytes`, `ttl` (a
/// duration), `allow_other`. Returns when it is mounted; the result is the clone.
#include "command/clone_fields.h"
#include "command/fields.h"
#include "command/mountable.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_clone_create(Context& context, const Call& call) {
    Fields fields(call.request);
    NewClone wanted;
    wanted.moment = fields.text("moment");
    wanted.name = fields.text("name");
    wanted.directory = fields.optional_text("directory");
    wanted.scratch = fields.optional_text("scratch");
    wanted.bytes_max = fields.number("max_bytes");
    wanted.ttl = fields.duration("ttl");
    wanted.allow_other = fields.flag("allow_other");
    fields.done();
    check_mountable(context);
    return describe(context.clones().create(wanted, call.output, call.stop), context.clock().now());
}

}  // namespace yore::command
