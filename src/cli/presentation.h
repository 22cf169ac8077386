// SPDX-License-Identifier: Apache-2.0
/// How each command's rows and result look to a person.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "cli/invocation.h"
#include "cli/screen.h"

namespace yore::cli {

struct Presentation {
    std::function<void(const nlohmann::json&)> row = [](const nlohmann::json&) {};
    std::function<void(const nlohmann::json&)> result = [](const nlohmann::json&) {};
};
/// `invocation` and `screen` outlive what it makes.
using MakePresentation = Presentation (*)(const Invocation&, Screen&);
using Presentations = std::map<std::string_view, MakePresentation>;

const Presentations& entry_presentations();    ///< ls, find, du, diff
const Presentations& record_presentations();   ///< sources, snapshots, keys, info, stats
const Presentations& status_presentations();   ///< status
const Presentations& time_presentations();     ///< check, windows, versions, log
const Presentations& outcome_presentations();  ///< what was done
const Presentations& serve_presentations();    ///< serve --check
const Presentations& keeping_presentations();  ///< prune, collect, holds, source set
const Presentations& job_presentations();      ///< jobs, schedules
const Presentations& clone_presentations();    ///< clones
const Presentations& cluster_presentations();  ///< tables
Presentation presentation_of(const Invocation&, Screen&);

/// The exact bytes of a text of an event; absent: empty.
std::string bytes_in(const nlohmann::json& object, const std::string& key);
/// Where a source is: its directory or conninfo; of a stream nothing.
std::string source_place(const Screen&, const nlohmann::json& source);
/// Of a result with `slot_failure`: what may go on, and how to end it.
std::string slot_failure_text(const nlohmann::json& result);
/// Of two times in an answer, as people read it; one is missing, or they are not in order: empty.
std::string seconds_between(const nlohmann::json& from, const nlohmann::json& to);
/// What level 3 of verify found of a source: `home@…: failed after 3 s: …`.
std::string proof_text(const Screen&, const nlohmann::json& proof);
/// What the check wrote, indented; empty: nothing.
std::string proof_output_text(const Screen&, const nlohmann::json& proof);
/// A number as it is with `--bytes`, else as a size for people.
std::string size_text(const Invocation&, const nlohmann::json& object, const std::string& key);
/// `daily 7, weekly 4`, or `all`.
std::string policy_text(const nlohmann::json& policy);
std::uint64_t number_in(const nlohmann::json& object, const std::string& key);

}  // namespace yore::cli
