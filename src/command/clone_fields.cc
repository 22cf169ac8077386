// SPDX-License-Identifier: Apache-2.0
#include "command/clone_fields.h"

#include <yore/command/text.h>

#include <algorithm>

#include "command/fields.h"

namespace yore::command {
namespace {

template <typename Value>
nlohmann::json optional_of(const std::optional<Value>& value) {
    return value ? nlohmann::json(*value) : nlohmann::json();
}

}  // namespace

nlohmann::json describe(const CloneStatus::Server& server) {
    nlohmann::json object{{"port", server.access.port},
                          {"role", server.access.role},
                          {"process", server.process},
                          {"state", server.has_ended ? "ended" : "running"}};
    put_bytes(object, "socket_directory", server.access.socket_directory);
    put_bytes(object, "log", server.log);
    put_bytes(object, "connect",
              fmt::format("psql -h {} -p {} -U {} postgres", server.access.socket_directory,
                          server.access.port, server.access.role));
    object["warnings"] = list_of_bytes(server.warnings);
    return object;
}

nlohmann::json describe(const CloneStatus& clone, Timestamp now) {
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    const CloneRecord& record = clone.record;
    nlohmann::json object{
        {"clone", record.name},
        {"source", record.source_name},
        {"moment", record.moment()},
        {"created", to_rfc3339(record.created)},
        {"age_seconds", std::max<std::int64_t>(0, (now - record.created).ns / ns_per_second)},
        {"until", record.until ? nlohmann::json(to_rfc3339(*record.until)) : nlohmann::json()},
        {"state", name_of(clone.state)},
        {"max_bytes", optional_of(record.bytes_max)},
        {"hold", record.hold},
        {"changed_bytes", nullptr},
        {"changed_files", nullptr}};
    if (clone.usage) {
        object["changed_bytes"] = clone.usage->bytes;
        object["changed_files"] = clone.usage->files;
    }
    put_bytes(object, "directory", clone.directory);
    put_bytes(object, "changes", record.changes);
    if (clone.server) object["server"] = describe(*clone.server);
    if (!clone.failure.empty()) put_bytes(object, "failure", clone.failure);
    return object;
}

CloneServerOptions server_in(Fields& fields) {
    CloneServerOptions server;
    server.programs = fields.optional_text("programs").value_or("");
    server.role = fields.optional_text("role").value_or("");
    return server;
}

catalog::SnapshotCounts counts_of(const tree::Totals& totals, const clone::StoredTree& read) {
    catalog::SnapshotCounts counts;
    counts.files = totals.files;
    counts.directories = totals.directories;
    counts.others = totals.others;
    counts.bytes = totals.bytes;
    counts.bytes_read = read.bytes_read;
    counts.bytes_new = read.bytes_new;
    counts.bytes_stored = read.bytes_stored;
    return counts;
}

std::string requested_clone(const nlohmann::json& request) {
    Fields fields(request);
    auto name = fields.text("clone");
    fields.done();
    return name;
}

}  // namespace yore::command
