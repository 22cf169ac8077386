// SPDX-License-Identifier: Apache-2.0
/// tables: `moment` (of a cluster), `database` (absent: all that can be connected to), `programs`,
/// `role`. Events `database` (name, bytes, how many tables), each followed by its `table`s: schema,
/// name, kind, bytes with indexes and TOAST, and how many rows the planner takes it to have.
#include <yore/base/error.h>
#include <yore/cluster/client.h>

#include <algorithm>
#include <tuple>

#include "command/clone_fields.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/throwaway_server.h"

namespace yore::command {
namespace {

/// Names may hold anything: JSON keeps each row in one line.
constexpr const char* databases_query =
    "select json_build_object('database', datname, 'bytes', pg_database_size(oid)) "
    "from pg_database where datallowconn and not datistemplate order by datname";
constexpr const char* tables_query =
    "select json_build_object('schema', nspname, 'table', relname, 'kind', case relkind "
    "when 'r' then 'table' when 'p' then 'partitioned' when 'm' then 'materialized-view' "
    "else 'foreign' end, 'bytes', pg_total_relation_size(c.oid), "
    "'rows', case when reltuples < 0 then null else reltuples::bigint end) "
    "from pg_class c join pg_namespace n on n.oid = relnamespace "
    "where relkind in ('r', 'p', 'm', 'f') and relpersistence <> 't' "
    "and nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_toast' "
    "order by nspname, relname";

std::vector<nlohmann::json> objects(const cluster::ServerAccess& access,
                                    const std::string& database, const char* query,
                                    const std::stop_token& stop) {
    std::vector<nlohmann::json> objects;
    for (const std::string& row : cluster::query_rows(access, database, query, stop)) {
        objects.push_back(nlohmann::json::parse(row, nullptr, false));
        if (!objects.back().is_object())
            throw Error(Errc::corrupt, fmt::format("database {}: psql printed no row", database));
    }
    return objects;
}

}  // namespace

nlohmann::json run_tables(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto text = fields.text("moment");
    const auto only = fields.optional_text("database");
    const CloneServerOptions server = server_in(fields);
    fields.done();
    const Moment moment = resolve_moment(context, text, call.output);
    const ThrowawayServer throwaway(context, moment, server, ThrowawayServer::Reuse::untouched,
                                    call.stop);
    std::size_t database_count = 0, table_count = 0;
    for (nlohmann::json& database :
         objects(throwaway.access(), "template1", databases_query, call.stop)) {
        const auto name = database.value("database", "");
        if (only && *only != name) continue;
        ++database_count;
        auto tables = objects(throwaway.access(), name, tables_query, call.stop);
        database["event"] = "database";
        database["tables"] = tables.size();
        table_count += tables.size();
        call.output.event(database);
        for (nlohmann::json& table : tables) {
            table["event"] = "table";
            table["database"] = name;
            call.output.event(table);
        }
    }
    if (only && database_count == 0)
        throw Error(Errc::not_found, fmt::format("{} has no database {}", moment.name(), *only),
                    {"`yore tables` without `--database` shows all"});
    return {{"moment", moment.name()}, {"databases", database_count}, {"tables", table_count}};
}

}  // namespace yore::command
