// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/command/context.h>
#include <yore/command/sources.h>
#include <yore/command/text.h>
#include <yore/ingest/postgresql.h>
#include <yore/ingest/postgresql_follow.h>

#include <nlohmann/json.hpp>

#include "command/retention.h"
#include "command/source_slots.h"
#include "command/sql_statements.h"

namespace yore::command {
namespace {

constexpr std::size_t check_bytes_max = 64u << 10;

std::vector<std::string> differences(const nlohmann::json& before, const nlohmann::json& after) {
    std::vector<std::string> changes;
    for (const auto& [key, value] : after.items()) {
        const auto found = before.find(key);
        const auto old = found == before.end() ? nlohmann::json() : *found;
        if (old != value)
            changes.push_back(fmt::format("{} {} -> {}", key, to_line(old), to_line(value)));
    }
    return changes;
}

std::uint64_t count_victims(Context& context, const catalog::Source& before,
                            const RetentionPolicy& policy) {
    const Judged judged = judge_source(context, before, before.retention);
    return victims(judged, judge(context, judged, policy)).size();
}

}  // namespace

void check_conninfo(const std::string& conninfo) {
    ingest::check_conninfo(conninfo);
}

void check_slot_limit(std::uint64_t bytes) {
    ingest::check_slot_limit(bytes);
}

void check_source_check(catalog::SourceKind kind, const catalog::SourceCheck& check) {
    const bool is_cluster = kind == catalog::SourceKind::postgresql;
    if (is_cluster && !(check.command.empty() && check.user.empty()))
        throw Error(Errc::invalid, "a check command is for directories and streams",
                    {"a cluster is checked by a server of its own"});
    if (!is_cluster && !check.sql.empty())
        throw Error(Errc::invalid, "SQL is for the check of a PostgreSQL cluster");
    if (!is_cluster && check.command.empty() && check != catalog::SourceCheck{})
        throw Error(Errc::invalid, "a time limit and a user are those of a check command",
                    {"none is named"});
    (void)split_sql(check.sql);
    if (check.time_limit && check.time_limit->ns <= 0)
        throw Error(Errc::invalid, "the time limit of a check is above 0");
    if (check.command.size() + check.sql.size() > check_bytes_max)
        throw Error(Errc::invalid, "a check command, or its SQL, is longer than 64 KiB",
                    {"a command may run a script of its own"});
}

Declared declare_source(Context& context, const catalog::Source& wanted) {
    auto& catalog = context.catalog();
    Declared declared;
    auto before = catalog.source(wanted.name);
    if (!before || before->removed) {
        auto source = wanted;
        source.created = context.clock().now();
        before = catalog.add_source(std::move(source));
        declared.added = true;
    }
    declared.changes = differences(describe_declared(*before), describe_declared(wanted));
    if (declared.changes.empty()) return declared;
    declared.victims = count_victims(context, *before, wanted.retention);
    if (before->postgresql.conninfo != wanted.postgresql.conninfo &&
        may_have_slot(catalog, *before))
        declared.left_slot = ingest::replication_slot_name(before->name);
    catalog.change_source(wanted);
    return declared;
}

}  // namespace yore::command
