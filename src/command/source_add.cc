// SPDX-License-Identifier: Apache-2.0
/// source-add: `name`, `directory` (absolute), `one_file_system`, `keep_cache_dirs`, `keep_nodump`,
/// `excludes`. The result is the source.
#include <yore/base/error.h>

#include <filesystem>

#include "command/describe.h"
#include "command/directory_fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_source_add(Context& context, const Call& call) {
    Fields fields(call.request);
    catalog::Source source;
    source.name = fields.text("name");
    source.created = context.clock().now();
    source.directory = directory_options(fields);
    source.directory.path = fields.text("directory");
    fields.done();
    std::error_code failed;
    if (!std::filesystem::is_directory(source.directory.path, failed))
        throw Error(
            Errc::not_found,
            fmt::format("source {}: {} is not a directory", source.name, source.directory.path),
            {"the process that owns the repository must see it, too"});
    return describe(context.catalog().add_source(source));
}

}  // namespace yore::command
