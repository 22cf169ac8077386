// SPDX-License-Identifier: Apache-2.0
/// Jobs in requests and answers.
#pragma once

#include <yore/catalog/job.h>
#include <yore/command/command.h>

#include <string_view>

#include <nlohmann/json.hpp>

namespace yore::command {

std::string_view name_of(catalog::JobState);
/// `job`, `command`, `source`, `state`, `started`, `ended`, `scheduled`, and what is known of
/// `progress` and `answer` (the command's result, or `error`).
nlohmann::json describe(const catalog::Job&);
/// What the process that waits for a job ends with.
ExitCode exit_code_of(const catalog::Job&);

/// The fields of a job that begins: which source it is of.
std::string source_of(const nlohmann::json& request);
/// As text for a record: at most job_text_bytes_max, for which lists and objects are left out.
std::string compact(const nlohmann::json& object);

/// A request with the one field `job`.
std::uint64_t requested_job(const nlohmann::json& request);

}  // namespace yore::command
