// SPDX-License-Identifier: Apache-2.0
/// source-add: `name`, and either `directory` (absolute), `one_file_system`, `keep_cache_dirs`,
/// `keep_nodump`, `excludes`, or `postgresql` (a conninfo), `config_directory` and `slot_limit`
/// (bytes). The result is the source.
#include <yore/base/error.h>
#include <yore/ingest/postgresql.h>

#include <filesystem>

#include "command/describe.h"
#include "command/directory_fields.h"
#include "command/run.h"

namespace yore::command {

namespace {

catalog::Source read_source(Fields& fields) {
    catalog::Source source;
    source.name = fields.text("name");
    const auto directory = fields.optional_text("directory");
    source.directory = directory_options(fields);
    const auto conninfo = fields.optional_text("postgresql");
    const auto config = fields.optional_text("config_directory");
    const auto slot_limit = fields.number("slot_limit");
    fields.done();
    if (directory.has_value() == conninfo.has_value())
        throw Error(Errc::invalid, fmt::format("source {}: either a directory or a PostgreSQL "
                                               "cluster",
                                               source.name));
    if ((config || slot_limit) && !conninfo)
        throw Error(Errc::invalid,
                    "a directory of settings and a slot limit are a PostgreSQL cluster's");
    if (conninfo) source.kind = catalog::SourceKind::postgresql;
    source.directory.path = directory.value_or("");
    source.postgresql = {conninfo.value_or(""), config.value_or(""), slot_limit.value_or(0)};
    ingest::check_slot_limit(source.postgresql.pinned_bytes_max);
    return source;
}

void check_directory(const catalog::Source& source) {
    std::error_code failed;
    if (!std::filesystem::is_directory(source.directory.path, failed))
        throw Error(
            Errc::not_found,
            fmt::format("source {}: {} is not a directory", source.name, source.directory.path),
            {"the process that owns the repository must see it, too"});
}

}  // namespace

nlohmann::json run_source_add(Context& context, const Call& call) {
    Fields fields(call.request);
    catalog::Source source = read_source(fields);
    source.created = context.clock().now();
    if (source.kind == catalog::SourceKind::postgresql)
        ingest::check_conninfo(source.postgresql.conninfo);
    else
        check_directory(source);
    return describe(context.catalog().add_source(source));
}

}  // namespace yore::command
