// SPDX-License-Identifier: Apache-2.0
#include "command/describe.h"

#include <yore/base/error.h>
#include <yore/command/sources.h>
#include <yore/command/text.h>
#include <yore/postgresql/lsn.h>
#include <yore/tree/uncertain.h>

#include <sys/sysmacros.h>

#include "command/retention.h"

namespace yore::command {
namespace {

nlohmann::json describe(const catalog::SourceCheck& check) {
    auto object = nlohmann::json::object();
    for (const auto& [key, text] :
         {std::pair("command", &check.command), {"user", &check.user}, {"sql", &check.sql}})
        if (!text->empty()) put_bytes(object, key, *text);
    if (check.time_limit) object["timeout"] = to_text(*check.time_limit);
    return object;
}

nlohmann::json describe(const catalog::SnapshotCounts& counts) {
    return {{"files", counts.files},
            {"directories", counts.directories},
            {"others", counts.others},
            {"bytes", counts.bytes},
            {"bytes_read", counts.bytes_read},
            {"bytes_new", counts.bytes_new},
            {"bytes_stored", counts.bytes_stored},
            {"files_unchanged", counts.files_unchanged},
            {"problems", counts.problems}};
}

}  // namespace

std::string_view name_of(tree::FileKind kind) {
    switch (kind) {
        case tree::FileKind::regular:
            return "file";
        case tree::FileKind::directory:
            return "directory";
        case tree::FileKind::symlink:
            return "symlink";
        case tree::FileKind::block_device:
            return "block-device";
        case tree::FileKind::character_device:
            return "character-device";
        case tree::FileKind::fifo:
            return "fifo";
        case tree::FileKind::socket:
            return "socket";
    }
    return "unknown";
}

nlohmann::json describe(const catalog::Source& source) {
    auto object = describe_declared(source);
    object["created"] = to_rfc3339(source.created);
    object["removed"] =
        source.removed ? nlohmann::json(to_rfc3339(*source.removed)) : nlohmann::json();
    return object;
}

nlohmann::json describe_declared(const catalog::Source& source) {
    nlohmann::json object{{"name", source.name}, {"policy", describe(source.retention)}};
    object["kind"] = catalog::name_of(source.kind);
    object["verify"] = describe(source.check);
    if (source.kind == catalog::SourceKind::postgresql) {
        put_bytes(object, "conninfo", source.postgresql.conninfo);
        put_bytes(object, "config_directory", source.postgresql.config_directory);
        object["slot_limit"] = source.postgresql.pinned_bytes_max;
    }
    if (source.kind != catalog::SourceKind::directory) return object;
    put_bytes(object, "directory", source.directory.path);
    object["one_file_system"] = source.directory.one_file_system;
    object["ignore_cache_dirs"] = source.directory.ignore_cache_dirs;
    object["ignore_nodump"] = source.directory.ignore_nodump;
    object["excludes"] = list_of_bytes(source.directory.excludes);
    return object;
}

nlohmann::json describe(const catalog::Snapshot& snapshot, const std::string& source_name) {
    nlohmann::json object{
        {"source", source_name},
        {"name", snapshot.name.text()},
        {"id", snapshot.id.hex()},
        {"started", to_rfc3339(snapshot.started)},
        {"ended", to_rfc3339(snapshot.ended)},
        {"outcome", snapshot.outcome == catalog::Outcome::partial ? "partial" : "complete"},
        {"counts", describe(snapshot.counts)}};
    put_bytes(object, "host", snapshot.host);
    put_bytes(object, "path", snapshot.path);
    if (const auto& backup = snapshot.base_backup)
        object["base_backup"] = {{"system_identifier", std::to_string(backup->system_identifier)},
                                 {"server_version", backup->server_version},
                                 {"timeline", backup->timeline},
                                 {"start", to_text(postgresql::lsn_of(backup->start))},
                                 {"stop", to_text(postgresql::lsn_of(backup->stop))},
                                 {"from_standby", backup->from_standby},
                                 {"damaged_pages", backup->damaged_pages},
                                 {"libraries", list_of_bytes(backup->needs.libraries)},
                                 {"collations", list_of_bytes(backup->needs.collations)}};
    if (snapshot.base_backup && snapshot.base_backup->rolled_from)
        object["base_backup"]["rolled_from"] = snapshot.base_backup->rolled_from->text();
    object["tags"] = nlohmann::json::object();
    for (const auto& [key, value] : snapshot.tags) put_bytes(object["tags"], key, value);
    return object;
}

nlohmann::json describe(const catalog::Problem& problem) {
    nlohmann::json object;
    put_bytes(object, "path", problem.path);
    put_bytes(object, "text", problem.text);
    return object;
}

nlohmann::json describe(const tree::Totals& totals) {
    return {{"bytes", totals.bytes},
            {"files", totals.files},
            {"directories", totals.directories},
            {"others", totals.others}};
}

nlohmann::json describe(const tree::EntryView& entry) {
    const auto attributes = entry.attributes();
    nlohmann::json object{{"kind", name_of(attributes.kind)},
                          {"mode", fmt::format("{:04o}", attributes.permissions)},
                          {"uid", attributes.uid},
                          {"gid", attributes.gid},
                          {"links", attributes.link_count},
                          {"size", attributes.size},
                          {"modified", to_rfc3339(attributes.modified)},
                          {"changed", to_rfc3339(attributes.changed)}};
    if (tree::is_uncertain(entry)) object["uncertain"] = true;
    switch (attributes.kind) {
        case tree::FileKind::symlink:
            put_bytes(object, "target", entry.target());
            break;
        case tree::FileKind::directory:
            object["totals"] = describe(entry.totals());
            break;
        case tree::FileKind::block_device:
        case tree::FileKind::character_device:
            object["device"] = {major(attributes.device), minor(attributes.device)};
            break;
        default:
            break;
    }
    return object;
}

}  // namespace yore::command
