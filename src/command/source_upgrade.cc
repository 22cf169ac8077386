// SPDX-License-Identifier: Apache-2.0
/// source-upgrade: `name`, `postgresql` (a conninfo, when the new cluster is somewhere else). After
/// pg_upgrade: from now on the source is the cluster that answers. The result is the source, with
/// `system` (its number among those of the source), `system_identifier`, `server_version`,
/// `timeline` and `log` (the name of its log).
#include <yore/ingest/postgresql.h>

#include "command/cluster_log.h"
#include "command/describe.h"
#include "command/fields.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_source_upgrade(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("name");
    const auto conninfo = fields.optional_text("postgresql");
    fields.done();
    auto& catalog = context.catalog();
    const auto source = find_fed_cluster(catalog, name);
    if (conninfo) ingest::check_conninfo(*conninfo);
    const auto upgraded =
        ingest::upgrade_system(catalog, source, conninfo, context.clock(), call.stop);
    context.followers().try_now(source);
    auto result = describe(find_cluster(catalog, name));
    result["system"] = upgraded.system;
    result["system_identifier"] = std::to_string(upgraded.identifier);
    result["server_version"] = upgraded.server_version;
    result["timeline"] = upgraded.timeline;
    result["log"] = upgraded.log;
    return result;
}

}  // namespace yore::command
