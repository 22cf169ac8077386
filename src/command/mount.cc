// SPDX-License-Identifier: Apache-2.0
/// mount: `directory` (absolute), `allow_other`, `threads`. Returns when it is mounted.
#include <yore/base/error.h>
#include <yore/command/text.h>

#include "command/fields.h"
#include "command/mountable.h"
#include "command/run.h"

namespace yore::command {

namespace {
constexpr std::uint64_t threads_max = 1024;
}

nlohmann::json run_mount(Context& context, const Call& call) {
    Fields fields(call.request);
    mount::MountOptions options;
    options.directory = fields.text("directory");
    options.repository = context.directory();
    options.allow_other = fields.flag("allow_other");
    const auto threads = fields.number("threads").value_or(0);
    fields.done();
    if (threads > threads_max)
        throw Error(Errc::invalid,
                    fmt::format("{} threads are more than {}", threads, threads_max));
    if (!options.directory.starts_with('/'))
        throw Error(Errc::invalid, fmt::format("{} is not an absolute path", options.directory));
    options.threads = static_cast<unsigned>(threads);
    check_mountable(context);
    context.mounts().add(context.view(), context.cache(), options);
    nlohmann::json result{{"pid", context.options().owner.pid}};
    put_bytes(result, "directory", options.directory);
    return result;
}

void check_mountable(const Context& context) {
    const auto& owner = context.options().owner;
    if (context.options().life == OwnerLife::command)
        throw Error(Errc::busy,
                    fmt::format("`{}` (pid {}) has the repository open and ends by itself",
                                owner.command, owner.pid),
                    {"mount when it has finished; a mount taken first does not block a backup"});
}

}  // namespace yore::command
