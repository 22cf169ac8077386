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

namespace yore::command {
namespace {

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
