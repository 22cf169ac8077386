// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/postgresql/config_file.h>
#include <yore/postgresql/recovery_settings.h>

#include <array>
#include <limits>

namespace yore::postgresql {
namespace {

constexpr int first_major = 13, last_major = 18;
constexpr int to_newest = std::numeric_limits<int>::max();

constexpr std::string_view begin_line =
    "# yore: begin. This copy keeps away from the server that it was made of; what you want back "
    "(archive_mode), take out.";
constexpr std::string_view begin_mark = "# yore: begin.";
constexpr std::string_view end_line = "# yore: end";

/// A setting whose value is the same for every target.
struct Fixed {
    std::string_view name, value, reason;
    int from = first_major, to = to_newest;  ///< the versions that know it
};

constexpr std::string_view no_archive = "must not write into the original's archive";
constexpr std::string_view no_primary = "must not follow the original";
constexpr std::string_view no_waiting = "must not wait for the original's standbys";
constexpr std::string_view no_second_target = "two targets keep the server from starting";

constexpr std::array isolating{
    Fixed{"archive_mode", "off", no_archive},
    Fixed{"archive_command", "", no_archive},
    Fixed{"archive_library", "", no_archive, 15},
    Fixed{"archive_cleanup_command", "", "must not remove files of the original's archive"},
    Fixed{"recovery_end_command", "", "is meant for the original's end of recovery"},
    Fixed{"restore_command", "false", "all that recovery needs is in pg_wal"},
    Fixed{"primary_conninfo", "", no_primary},
    Fixed{"primary_slot_name", "", no_primary},
    Fixed{"sync_replication_slots", "off", no_primary, 17},
    Fixed{"promote_trigger_file", "", "names a file of the original", 13, 15},
    Fixed{"synchronous_standby_names", "", no_waiting},
    Fixed{"synchronized_standby_slots", "", no_waiting, 17},
    Fixed{"recovery_min_apply_delay", "0", "recovery would wait for this time to pass"},
    Fixed{"hot_standby", "off", "nobody may read what is not yet the moment"},
    Fixed{"max_logical_replication_workers", "0",
          "subscriptions would take changes from the original's slots"},
};

constexpr std::array targets{"recovery_target", "recovery_target_name", "recovery_target_time",
                             "recovery_target_xid", "recovery_target_lsn"};

void add_target(std::vector<Setting>& settings, const RecoveryTarget& target) {
    std::string_view chosen = target.last_record ? "recovery_target_lsn" : "recovery_target";
    if (target.whole_log) chosen = "";
    for (const std::string_view name : targets)
        if (name != chosen) settings.push_back({std::string(name), "", no_second_target});
    settings.push_back(
        {"recovery_target_inclusive", "on", "the target is the last record to apply"});
    settings.push_back({"recovery_target_timeline", std::to_string(target.timeline.value),
                        "the line on which the target lies"});
    settings.push_back({"recovery_target_action", "promote", "then it takes writes"});
    if (target.whole_log) return;
    settings.push_back({std::string(chosen),
                        target.last_record ? to_text(*target.last_record) : "immediate",
                        target.last_record ? "the commit to end with" : "the base backup's end"});
}

void add_clone(std::vector<Setting>& settings, const CloneAddress& address) {
    constexpr std::string_view reason = "runs beside the original";
    settings.push_back({"listen_addresses", "", reason});
    settings.push_back({"port", std::to_string(address.port), reason});
    settings.push_back({"unix_socket_directories", address.socket_directory, reason});
    settings.push_back({"cron.launch_active_jobs", "off", "pg_cron's jobs are the original's"});
}

}  // namespace

std::vector<Setting> recovery_settings(int major_version, const RecoveryTarget& target,
                                       const std::optional<CloneAddress>& clone) {
    if (major_version < first_major || major_version > last_major)
        throw Error(Errc::unsupported,
                    fmt::format("the settings of PostgreSQL {} are not known", major_version),
                    {fmt::format("those of {} to {} are", first_major, last_major)});
    YORE_ENSURE(target.timeline.valid());
    std::vector<Setting> settings;
    for (const Fixed& fixed : isolating)
        if (fixed.from <= major_version && major_version <= fixed.to)
            settings.push_back({std::string(fixed.name), std::string(fixed.value), fixed.reason});
    if (clone) add_clone(settings, *clone);
    add_target(settings, target);
    return settings;
}

std::string with_recovery_settings(std::string_view auto_conf, std::span<const Setting> settings) {
    std::string text = without_recovery_settings(auto_conf);
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    text += fmt::format("{}\n", begin_line);
    for (const Setting& setting : settings)
        text += fmt::format("{} = {}  # {}\n", setting.name, quoted_config_value(setting.value),
                            setting.reason);
    return text += fmt::format("{}\n", end_line);
}

std::string without_recovery_settings(std::string_view auto_conf) {
    std::string kept;
    std::vector<std::size_t> begins;  // in `kept`: of blocks whose end is still to come
    for (const std::string_view line : lines_of(auto_conf)) {
        if (line == end_line && !begins.empty()) {
            kept.resize(begins.back());
            begins.pop_back();
            continue;
        }
        if (line.starts_with(begin_mark)) begins.push_back(kept.size());
        kept += line;
        if (line.end() != auto_conf.end()) kept += '\n';
    }
    return kept;
}

}  // namespace yore::postgresql
