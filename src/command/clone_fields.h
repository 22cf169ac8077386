// SPDX-License-Identifier: Apache-2.0
/// Clones in requests and answers.
#pragma once

#include <yore/command/clones.h>

#include <nlohmann/json.hpp>

namespace yore::command {

/// `clone`, `source`, `moment`, `created`, `age_seconds`, `until`, `state`, `directory`, `changes`,
/// `max_bytes`, `hold`, `changed_bytes`, `changed_files`; of one that failed, `failure`.
nlohmann::json describe(const CloneStatus&, Timestamp now);

/// A request with the one field `clone`.
std::string requested_clone(const nlohmann::json& request);

}  // namespace yore::command
