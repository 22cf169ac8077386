// SPDX-License-Identifier: Apache-2.0
/// The use cases, one file each (the dash of a name is an underscore there).
#pragma once

#include <yore/command/command.h>
#include <yore/command/context.h>

#include <nlohmann/json.hpp>

namespace yore::command {

nlohmann::json run_cat(Context&, const Call&);
nlohmann::json run_check(Context&, const Call&);
nlohmann::json run_clone_create(Context&, const Call&);
nlohmann::json run_clone_list(Context&, const Call&);
nlohmann::json run_clone_mount(Context&, const Call&);
nlohmann::json run_clone_remove(Context&, const Call&);
nlohmann::json run_clone_reset(Context&, const Call&);
nlohmann::json run_clone_show(Context&, const Call&);
nlohmann::json run_clone_snapshot(Context&, const Call&);
nlohmann::json run_collect(Context&, const Call&);
nlohmann::json run_diff(Context&, const Call&);
nlohmann::json run_du(Context&, const Call&);
nlohmann::json run_dump(Context&, const Call&);
nlohmann::json run_find(Context&, const Call&);
nlohmann::json run_hold_add(Context&, const Call&);
nlohmann::json run_hold_list(Context&, const Call&);
nlohmann::json run_hold_release(Context&, const Call&);
nlohmann::json run_info(Context&, const Call&);
nlohmann::json run_jobs_cancel(Context&, const Call&);
nlohmann::json run_jobs_follow(Context&, const Call&);
nlohmann::json run_jobs_list(Context&, const Call&);
nlohmann::json run_jobs_pause(Context&, const Call&);
nlohmann::json run_jobs_resume(Context&, const Call&);
nlohmann::json run_jobs_show(Context&, const Call&);
nlohmann::json run_key_add(Context&, const Call&);
nlohmann::json run_key_list(Context&, const Call&);
nlohmann::json run_key_remove(Context&, const Call&);
nlohmann::json run_key_rotate(Context&, const Call&);
nlohmann::json run_log_fetch(Context&, const Call&);
nlohmann::json run_log_follow(Context&, const Call&);
nlohmann::json run_log_list(Context&, const Call&);
nlohmann::json run_log_pause(Context&, const Call&);
nlohmann::json run_log_push(Context&, const Call&);
nlohmann::json run_log_resume(Context&, const Call&);
nlohmann::json run_log_status(Context&, const Call&);
nlohmann::json run_ls(Context&, const Call&);
nlohmann::json run_metrics(Context&, const Call&);
nlohmann::json run_mount(Context&, const Call&);
nlohmann::json run_prune(Context&, const Call&);
nlohmann::json run_query(Context&, const Call&);
nlohmann::json run_restore(Context&, const Call&);
nlohmann::json run_roll_forward(Context&, const Call&);
nlohmann::json run_schedule_list(Context&, const Call&);
nlohmann::json run_schedule_pause(Context&, const Call&);
nlohmann::json run_schedule_remove(Context&, const Call&);
nlohmann::json run_schedule_resume(Context&, const Call&);
nlohmann::json run_schedule_run_now(Context&, const Call&);
nlohmann::json run_schedule_set(Context&, const Call&);
nlohmann::json run_schedule_show(Context&, const Call&);
nlohmann::json run_snapshot(Context&, const Call&);
nlohmann::json run_snapshots(Context&, const Call&);
nlohmann::json run_source_add(Context&, const Call&);
nlohmann::json run_source_import(Context&, const Call&);
nlohmann::json run_source_list(Context&, const Call&);
nlohmann::json run_source_remove(Context&, const Call&);
nlohmann::json run_source_set(Context&, const Call&);
nlohmann::json run_source_show(Context&, const Call&);
nlohmann::json run_source_upgrade(Context&, const Call&);
nlohmann::json run_stats(Context&, const Call&);
nlohmann::json run_status(Context&, const Call&);
nlohmann::json run_tables(Context&, const Call&);
nlohmann::json run_umount(Context&, const Call&);
nlohmann::json run_verify(Context&, const Call&);
nlohmann::json run_versions(Context&, const Call&);
nlohmann::json run_windows(Context&, const Call&);

}  // namespace yore::command
