// SPDX-License-Identifier: Apache-2.0
/// umount: `directory` (absolute). Returns when it is unmounted.
#include <yore/base/error.h>
#include <yore/command/text.h>

#include "command/fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_umount(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto directory = fields.text("directory");
    fields.done();
    if (!context.mounts().remove(directory))
        throw Error(Errc::not_found, fmt::format("this repository is not mounted at {}", directory),
                    {"`yore info` lists the mounts"});
    nlohmann::json result{
        {"mounts", context.mounts().directories().size() + context.clones().live()}};
    put_bytes(result, "directory", directory);
    return result;
}

}  // namespace yore::command
