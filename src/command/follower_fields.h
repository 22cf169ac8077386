// SPDX-License-Identifier: Apache-2.0
/// Who feeds the log of a source, in answers.
#pragma once

#include <yore/command/context.h>

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

namespace yore::command {

/// `source`, `state`, `known_until`, and of one that is fed here the rest that log-status tells.
/// There is no log, nobody who feeds one, nor a pause: nullopt.
std::optional<nlohmann::json> describe_following(Context&, const catalog::Source&,
                                                 const std::vector<FollowerStatus>& here);

}  // namespace yore::command
