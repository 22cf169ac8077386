// SPDX-License-Identifier: Apache-2.0
/// source-set: `name`, and a policy (retention.h) that takes the place of the one before, or
/// `keep_all`; of a PostgreSQL cluster also, or instead, `postgresql` (a conninfo of the same
/// cluster) and `config_directory` (empty: none). An event `verdict` for each snapshot that the
/// next prune takes because of the change. The result is the source, with `victims`: how many these
/// are.
#include <yore/base/error.h>
#include <yore/ingest/postgresql.h>

#include "command/describe.h"
#include "command/moment.h"
#include "command/retention.h"
#include "command/run.h"

namespace yore::command {
namespace {

/// Where a cluster is found.
struct Place {
    std::optional<std::string> conninfo, config_directory;
    bool given() const { return conninfo || config_directory; }
};

void move(Context& context, catalog::Source source, const Place& place) {
    if (source.kind != catalog::SourceKind::postgresql)
        throw Error(Errc::invalid, fmt::format("source {} is a {}: a conninfo and a directory of "
                                               "settings are for PostgreSQL clusters",
                                               source.name, catalog::name_of(source.kind)));
    if (place.conninfo) ingest::check_conninfo(*place.conninfo);
    source.postgresql.conninfo = place.conninfo.value_or(source.postgresql.conninfo);
    source.postgresql.config_directory =
        place.config_directory.value_or(source.postgresql.config_directory);
    context.catalog().change_source(source);
}

}  // namespace

nlohmann::json run_source_set(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("name");
    const auto given = read_policy(fields);
    const bool keep_all = fields.flag("keep_all");
    const Place moved_to{fields.optional_text("postgresql"),
                         fields.optional_text("config_directory")};
    fields.done();
    const bool has_policy = given || keep_all;
    if ((given && keep_all) || (!has_policy && !moved_to.given()))
        throw Error(Errc::invalid, "either rules that keep backups, or to keep all");
    const auto source = find_source(context.catalog(), name);
    const auto policy = has_policy ? given.value_or(RetentionPolicy{}) : source.retention;
    if (moved_to.given()) move(context, source, moved_to);
    const Judged before = judge_source(context, source, source.retention);
    const auto after = judge(context, before, policy);
    const auto places = victims(before, after);
    for (const std::size_t place : places) {
        auto event = describe_verdict({source, before.snapshots, after}, place);
        event["event"] = "verdict";
        call.output.event(event);
    }
    auto result = describe(context.catalog().set_retention(name, policy));
    result["victims"] = places.size();
    return result;
}

}  // namespace yore::command
