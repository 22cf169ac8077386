// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/command/command.h>

#include <algorithm>
#include <array>

#include "command/run.h"

namespace yore::command {
namespace {

constexpr std::array all_commands{
    Command{"cat", run_cat},
    Command{"check", run_check},
    Command{"clone-create", run_clone_create},
    Command{"clone-list", run_clone_list},
    Command{"clone-mount", run_clone_mount},
    Command{"clone-remove", run_clone_remove},
    Command{"clone-reset", run_clone_reset},
    Command{"clone-show", run_clone_show},
    Command{"clone-snapshot", run_clone_snapshot},
    Command{"collect", run_collect},
    Command{"diff", run_diff},
    Command{"du", run_du},
    Command{"dump", run_dump},
    Command{"find", run_find},
    Command{"hold-add", run_hold_add},
    Command{"hold-list", run_hold_list},
    Command{"hold-release", run_hold_release},
    Command{"info", run_info},
    Command{"jobs-cancel", run_jobs_cancel},
    Command{"jobs-follow", run_jobs_follow},
    Command{"jobs-list", run_jobs_list},
    Command{"jobs-pause", run_jobs_pause},
    Command{"jobs-resume", run_jobs_resume},
    Command{"jobs-show", run_jobs_show},
    Command{"key-add", run_key_add},
    Command{"key-list", run_key_list},
    Command{"key-remove", run_key_remove},
    Command{"key-rotate", run_key_rotate},
    Command{"log-fetch", run_log_fetch},
    Command{"log-follow", run_log_follow},
    Command{"log-list", run_log_list},
    Command{"log-pause", run_log_pause},
    Command{"log-push", run_log_push},
    Command{"log-resume", run_log_resume},
    Command{"log-status", run_log_status},
    Command{"ls", run_ls},
    Command{"metrics", run_metrics},
    Command{"mount", run_mount},
    Command{"prune", run_prune},
    Command{"query", run_query},
    Command{"restore", run_restore},
    Command{"roll-forward", run_roll_forward},
    Command{"schedule-list", run_schedule_list},
    Command{"schedule-pause", run_schedule_pause},
    Command{"schedule-remove", run_schedule_remove},
    Command{"schedule-resume", run_schedule_resume},
    Command{"schedule-run-now", run_schedule_run_now},
    Command{"schedule-set", run_schedule_set},
    Command{"schedule-show", run_schedule_show},
    Command{"snapshot", run_snapshot},
    Command{"snapshots", run_snapshots},
    Command{"source-add", run_source_add},
    Command{"source-import", run_source_import},
    Command{"source-list", run_source_list},
    Command{"source-remove", run_source_remove},
    Command{"source-set", run_source_set},
    Command{"source-show", run_source_show},
    Command{"source-upgrade", run_source_upgrade},
    Command{"stats", run_stats},
    Command{"status", run_status},
    Command{"tables", run_tables},
    Command{"umount", run_umount},
    Command{"verify", run_verify},
    Command{"versions", run_versions},
    Command{"windows", run_windows},
};
static_assert(std::ranges::is_sorted(all_commands, {}, &Command::name));

}  // namespace

std::span<const Command> commands() {
    return all_commands;
}

const Command* find_command(std::string_view name) {
    const auto found = std::ranges::lower_bound(all_commands, name, {}, &Command::name);
    return found == all_commands.end() || found->name != name ? nullptr : &*found;
}

nlohmann::json run(Context& context, std::string_view name, const Call& call) {
    const Command* command = find_command(name);
    if (command == nullptr)
        throw Error(Errc::unsupported, fmt::format("there is no command {}", name),
                    {"the process that owns the repository may be of an older version"});
    auto result = is_job(name, call.request) ? context.jobs().run(context, *command, call)
                                             : command->run(context, call);
    result["result"] = name;
    return result;
}

}  // namespace yore::command
