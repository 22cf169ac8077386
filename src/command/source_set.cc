// SPDX-License-Identifier: Apache-2.0
/// source-set: `name`, and a policy (retention.h) that takes the place of the one before, or
/// `keep_all`; of a PostgreSQL cluster also, or instead, `postgresql` (a conninfo of the same
/// cluster), `config_directory` (empty: none) and `slot_limit` (bytes; 0: none); of each also, or
/// instead, `verify_command`, `verify_user`, `verify_sql` (empty: none) and `verify_timeout`, of
/// which those that are not given stay. An event `verdict`
/// for each snapshot that the next prune takes because of the change. The result is the source,
/// with `victims`: how many these are. At hosts that leave the conninfo of a cluster whose log is
/// stored, the replication slot is dropped: `slot`, and `slot_failure` when it may be there still.
#include <yore/base/error.h>
#include <yore/command/sources.h>
#include <yore/ingest/postgresql.h>
#include <yore/ingest/postgresql_follow.h>

#include "command/describe.h"
#include "command/moment.h"
#include "command/retention.h"
#include "command/run.h"
#include "command/source_slots.h"

namespace yore::command {
namespace {

/// What is given of a cluster.
struct OfCluster {
    std::optional<std::string> conninfo, config_directory;
    std::optional<std::uint64_t> slot_limit;
    bool given() const { return conninfo || config_directory || slot_limit; }
};

/// What is given of a check.
struct OfCheck {
    std::optional<std::string> command, user, sql;
    std::optional<Duration> time_limit;
    bool given() const { return command || user || sql || time_limit; }
};

catalog::Source change(Context& context, catalog::Source source, const OfCheck& given) {
    auto& check = source.check;
    check.command = given.command.value_or(check.command);
    check.user = given.user.value_or(check.user);
    check.sql = given.sql.value_or(check.sql);
    if (given.time_limit) check.time_limit = given.time_limit;
    if (given.command && given.command->empty() && !given.user && !given.time_limit)
        check = {.sql = check.sql};  // what is left was the command's
    check_source_check(source.kind, check);
    return context.catalog().change_source(source);
}

void change(Context& context, catalog::Source source, const OfCluster& given) {
    if (source.kind != catalog::SourceKind::postgresql)
        throw Error(Errc::invalid, fmt::format("source {} is a {}: a conninfo, a directory of "
                                               "settings and a slot limit are for PostgreSQL "
                                               "clusters",
                                               source.name, catalog::name_of(source.kind)));
    if (given.conninfo) ingest::check_conninfo(*given.conninfo);
    auto& cluster = source.postgresql;
    cluster.conninfo = given.conninfo.value_or(cluster.conninfo);
    cluster.config_directory = given.config_directory.value_or(cluster.config_directory);
    cluster.pinned_bytes_max = given.slot_limit.value_or(cluster.pinned_bytes_max);
    ingest::check_slot_limit(cluster.pinned_bytes_max);
    context.catalog().change_source(source);
    if (given.conninfo) context.followers().try_now(source);
}

}  // namespace

nlohmann::json run_source_set(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("name");
    const auto given = read_policy(fields);
    const bool keep_all = fields.flag("keep_all");
    const OfCluster of_cluster{fields.optional_text("postgresql"),
                               fields.optional_text("config_directory"),
                               fields.number("slot_limit")};
    const OfCheck of_check{fields.optional_text("verify_command"),
                           fields.optional_text("verify_user"), fields.optional_text("verify_sql"),
                           fields.duration("verify_timeout")};
    fields.done();
    const bool has_policy = given || keep_all;
    if ((given && keep_all) || (!has_policy && !of_cluster.given() && !of_check.given()))
        throw Error(Errc::invalid, "either rules that keep backups, or to keep all");
    auto source = find_source(context.catalog(), name);
    if (of_check.given()) source = change(context, source, of_check);
    const auto policy = has_policy ? given.value_or(RetentionPolicy{}) : source.retention;
    if (of_cluster.given()) change(context, source, of_cluster);
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
    if (of_cluster.conninfo && may_have_slot(context.catalog(), source))
        drop_slot(source, result, [&] {
            ingest::drop_replication_slot_of_left_hosts(source, *of_cluster.conninfo, call.stop);
        });
    return result;
}

}  // namespace yore::command
