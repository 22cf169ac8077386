// SPDX-License-Identifier: Apache-2.0
/// log-push: `source`, `name`: of a file of PostgreSQL's log, whose bytes are the input. `outcome`
/// in the result is `stored`, `already` (it was, with these bytes) or `not-kept` (no recovery needs
/// it).
#include <yore/base/error.h>
#include <yore/ingest/postgresql_log.h>

#include "command/cluster_log.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"

namespace yore::command {
namespace {

std::string_view name_of(ingest::LogFileTaken::Outcome outcome) {
    switch (outcome) {
        case ingest::LogFileTaken::Outcome::stored:
            return "stored";
        case ingest::LogFileTaken::Outcome::already:
            return "already";
        case ingest::LogFileTaken::Outcome::not_kept:
            break;
    }
    return "not-kept";
}

}  // namespace

catalog::Source find_cluster(const catalog::Catalog& catalog, const std::string& name) {
    auto source = find_source(catalog, name);
    if (source.kind != catalog::SourceKind::postgresql)
        throw Error(Errc::invalid, fmt::format("source {} is a {}: files of a log are PostgreSQL's",
                                               name, catalog::name_of(source.kind)));
    return source;
}

catalog::Source find_fed_cluster(const catalog::Catalog& catalog, const std::string& name) {
    auto source = find_cluster(catalog, name);
    if (source.removed)
        throw Error(Errc::invalid, fmt::format("source {} is removed", name),
                    {"`yore source add` with this name takes it up again"});
    return source;
}

nlohmann::json run_log_push(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto source_name = fields.text("source");
    const auto name = fields.text("name");
    fields.done();
    const auto source = find_fed_cluster(context.catalog(), source_name);
    const ingest::StreamReader read = [&](MutableBytes into) {
        return call.input.read(into, call.stop);
    };
    const auto taken = ingest::store_log_file(
        {context.catalog(), context.cache(), source, name, read, context.clock()}, call.stop);
    return {{"source", source.name},
            {"name", name},
            {"outcome", name_of(taken.outcome)},
            {"bytes", taken.bytes},
            {"restore_points", taken.restore_points}};
}

}  // namespace yore::command
