// SPDX-License-Identifier: Apache-2.0
/// The verbs of the command line: each adds its arguments to the parser and, when it was typed,
/// fills the Invocation.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/invocation.h"

namespace yore::cli {

void add_repository_verbs(CLI::App&, Invocation&);  ///< init, info, stats, status, verify, key
void add_source_verbs(CLI::App&, Invocation&);      ///< source, check, snapshot, roll-forward
void add_reading_verbs(CLI::App&, Invocation&);     ///< ls, cat, find, du, diff, restore
void add_keeping_verbs(CLI::App&, Invocation&);     ///< prune, collect, hold
void add_source_set(CLI::App& source, Invocation&);
void add_time_verbs(CLI::App&, Invocation&);   ///< windows, versions, log
void add_job_verbs(CLI::App&, Invocation&);    ///< jobs, schedule
void add_mount_verbs(CLI::App&, Invocation&);  ///< mount, umount, serve
void add_clone_verbs(CLI::App&, Invocation&);
void add_cluster_verbs(CLI::App&, Invocation&);  ///< query, tables, dump

/// A verb whose callback runs `fill` with the Invocation, its names already set.
CLI::App* add_verb(CLI::App& parent, Invocation&, const std::string& name,
                   const std::string& what_it_does, std::function<void()> fill);

/// Absolute and without `.` and `..`, by the current directory. Links are resolved only when
/// there is a `..` to resolve.
std::string absolute_path(const std::string&);

/// Options for a second secret, `--new-passphrase-file` and so on.
void add_new_secret_options(CLI::App&, SecretSource&);

/// What of a verify a schedule may ask for, too. Outlives the parsing.
struct VerifyOptions {
    unsigned level = 0;  ///< 0: not said
    std::string max_time, older_than;
    bool random = false, compare = false;
    void put(nlohmann::json& request) const;
};
void add_verify_options(CLI::App&, VerifyOptions&);

/// `--slot-limit` of clusters, in the request `slot_limit`. Outlives the parsing.
CLI::Option* add_slot_limit(CLI::App&, std::string& size);
void put_slot_limit(nlohmann::json& request, const std::string& size);

/// `--tag K=V` of snapshots, in the request `tags`. Outlives the parsing.
using Tags = std::vector<std::string>;
void add_tags(CLI::App&, Tags&);
void fill_tags(nlohmann::json& request, const Tags&);

/// Checks that it is a size (`64M`).
CLI::Validator is_size();
/// Checks that it is a duration (`36h`).
CLI::Validator is_duration();

}  // namespace yore::cli
