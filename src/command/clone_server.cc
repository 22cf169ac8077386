// SPDX-License-Identifier: Apache-2.0
#include "command/clone_server.h"

#include <yore/base/path.h>
#include <yore/cluster/client.h>

#include <filesystem>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/clone_record.h"

namespace yore::command {
namespace {

/// A number that each transaction which writes makes larger, but for one that was prepared before:
/// then none.
constexpr const char* next_transaction_query =
    "select txid_snapshot_xmax(txid_current_snapshot()) "
    "where not exists (select from pg_prepared_xacts)";

cluster::ServerOptions options_of(Context& context, const CloneRecord& record,
                                  const std::string& directory) {
    auto options = server_options(context, record.name, directory);
    options.port = record.server->port;
    options.programs = record.server->programs;
    options.settings.emplace_back("lc_messages", "C");
    if (!record.server->durable) options.settings.emplace_back("fsync", "off");
    options.tablespaces = record.tablespaces;
    options.needs = needs_of(context, record.source, record.base);
    return options;
}

std::string owner_name(const std::string& directory) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) return "";
    const passwd* entry = ::getpwuid(status.st_uid);
    return entry != nullptr ? entry->pw_name : "";
}

}  // namespace

CloneServer::CloneServer(Context& context, const CloneRecord& record, const std::string& directory,
                         const std::stop_token& stop)
    : server_(options_of(context, record, directory)) {
    server_.wait_until_ready(stop);
    access_ = server_.access();
    access_.role = cluster::find_superuser(
        access_, {record.server->role, owner_name(directory), "postgres"}, stop);
    const auto rows = cluster::query_rows(access_, "template1", next_transaction_query, stop);
    if (rows.size() == 1) next_transaction_ = rows.front();
}

CloneStatus::Server CloneServer::status() const {
    return {access_, server_.process(), server_.has_ended(), server_.log(), server_.warnings()};
}

bool CloneServer::is_untouched(const std::stop_token& stop) const {
    const auto rows = cluster::query_rows(access_, "template1", next_transaction_query, stop);
    return rows.size() == 1 && rows.front() == next_transaction_;
}

cluster::ServerOptions server_options(const Context& context, const std::string& clone,
                                      const std::string& directory) {
    const std::string& runtime = context.options().runtime_directory;
    cluster::ServerOptions options;
    options.data = std::filesystem::canonical(directory);
    options.socket_directory = fmt::format("{}/servers/{}", runtime, clone);
    options.log = server_log(context.directory(), clone);
    options.process_file = server_process_file(context.directory(), clone);
    options.private_directory = std::filesystem::path(runtime).parent_path();
    options.settings = {{"cluster_name", clone}};
    return options;
}

void end_left_server(const std::string& repository, const CloneRecord& record) {
    cluster::end_left_server(server_process_file(repository, record.name));
}

catalog::ServerNeeds needs_of(Context& context, std::uint32_t source, const std::string& snapshot) {
    const auto name = catalog::SnapshotName::parse(snapshot);
    const auto found = name ? context.catalog().snapshot(source, *name) : std::nullopt;
    return found && found->base_backup ? found->base_backup->needs : catalog::ServerNeeds{};
}

}  // namespace yore::command
