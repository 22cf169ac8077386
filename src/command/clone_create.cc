// SPDX-License-Identifier: Apache-2.0
/// clone-create: `moment` (SOURCE@TIME, or the name of a clone, which is copied), `name`,
/// `directory` (absolute; absent: below the owner's place), `scratch` (absolute; absent: in the
/// repository's directory), `max_bytes`, `ttl` (a duration), `allow_other`; `start` (a server of
/// the cluster; then `port`, `durable`, `programs`, `role`). Returns when it is mounted, and its
/// server accepts queries; the result is the clone.
#include <yore/base/error.h>

#include <limits>

#include "command/clone_fields.h"
#include "command/fields.h"
#include "command/mountable.h"
#include "command/run.h"

namespace yore::command {
namespace {

std::optional<CloneServerOptions> wanted_server(Fields& fields) {
    CloneServerOptions server = server_in(fields);
    const bool is_wanted = fields.flag("start");
    const auto port = fields.number("port");
    if (port && (*port == 0 || *port > std::numeric_limits<std::uint16_t>::max()))
        throw Error(Errc::invalid, fmt::format("port {}: there are 1 to 65535", *port));
    server.port = static_cast<std::uint16_t>(port.value_or(server.port));
    server.durable = fields.flag("durable");
    if (!is_wanted && (port || server.durable || !server.programs.empty() || !server.role.empty()))
        throw Error(Errc::invalid, "there is no server to be told this",
                    {"`start` is to be set: `--start`"});
    return is_wanted ? std::optional(std::move(server)) : std::nullopt;
}

}  // namespace

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
    wanted.server = wanted_server(fields);
    fields.done();
    check_mountable(context);
    return describe(context.clones().create(wanted, call.output, call.stop), context.clock().now());
}

}  // namespace yore::command
