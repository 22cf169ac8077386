// SPDX-License-Identifier: Apache-2.0
#include <yore/base/path.h>
#include <yore/postgresql/config_rewrite.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace yore::postgresql {
namespace {

using When = ConfigRule::When;

constexpr std::array<ConfigRule, 9> all_rules{{
    {"data_directory", When::always, "leads to the original server's data"},
    {"hba_file", When::always, "a file of the original server"},
    {"ident_file", When::always, "a file of the original server"},
    {"external_pid_file", When::always, "would replace the original server's"},
    {"log_directory", When::leads_out, "would write into the original server's log"},
    {"stats_temp_directory", When::leads_out, "would replace the original server's statistics"},
    {"include", When::leads_out, "a file of the original server"},
    {"include_if_exists", When::leads_out, "a file of the original server"},
    {"include_dir", When::leads_out, "files of the original server"},
}};

/// Includes are relative to the file that has them, all else to the data directory.
std::string_view base_of(const ConfigEntry& entry, std::string_view path) {
    return entry.name.starts_with("include") ? directory_of(path) : std::string_view();
}

const ConfigRule* rule_against(const ConfigEntry& entry, std::string_view path,
                               std::span<const ConfigRule> rules) {
    const auto rule = std::ranges::find(rules, entry.name, &ConfigRule::name);
    if (rule == rules.end()) return nullptr;
    const bool leads_out = place_of(entry.value, base_of(entry, path)) == ConfigPlace::outside;
    return rule->when == When::always || leads_out ? &*rule : nullptr;
}

}  // namespace

std::span<const ConfigRule> config_rules() {
    return all_rules;
}

ConfigRewrite rewrite_config(std::string_view text, std::string_view path,
                             std::span<const ConfigRule> rules) {
    ConfigRewrite rewrite;
    for (const std::string_view line : lines_of(text)) {
        if (auto entry = parse_config_line(line)) {
            if (const ConfigRule* rule = rule_against(*entry, path, rules)) {
                rewrite.text += fmt::format("# yore left this out: {}\n#yore# ", rule->reason);
                rewrite.left_out.push_back({std::move(*entry), rule->reason});
            } else {
                rewrite.entries.push_back(std::move(*entry));
            }
        }
        rewrite.text += line;
        rewrite.text += '\n';
    }
    if (!text.ends_with('\n') && !text.empty()) rewrite.text.pop_back();
    return rewrite;
}

std::string minimal_postgresql_conf(const RecoveryLimits& limits) {
    return fmt::format(
        "# Written by yore: the cluster's own postgresql.conf was not in its data directory.\n"
        "# Nothing but what recovery needs; connections come over the local socket alone.\n"
        "listen_addresses = ''\n"
        "max_connections = {}\n"
        "max_worker_processes = {}\n"
        "max_wal_senders = {}\n"
        "max_prepared_transactions = {}\n"
        "max_locks_per_transaction = {}\n",
        limits.max_connections, limits.max_worker_processes, limits.max_wal_senders,
        limits.max_prepared_transactions, limits.max_locks_per_transaction);
}

std::string minimal_pg_hba_conf() {
    return "# Written by yore: the cluster's own pg_hba.conf was not in its data directory.\n"
           "# Over the local socket, users of the operating system may connect by their names.\n"
           "local  all  all  peer\n";
}

std::string minimal_pg_ident_conf() {
    return "# Written by yore: the cluster's own pg_ident.conf was not in its data directory.\n";
}

}  // namespace yore::postgresql
