// SPDX-License-Identifier: Apache-2.0
/// Schedules in requests and answers.
///
/// A request says which one with `source` and `task` (absent: `snapshot`); a task for the whole
/// repository has no `source`.
#pragma once

#include <yore/command/context.h>
#include <yore/command/schedules.h>

#include <nlohmann/json.hpp>

#include "command/fields.h"

namespace yore::command {

Schedules::Which read_which(Fields&);
/// A request with nothing else.
Schedules::Which requested_schedule(const nlohmann::json& request);

/// What it is, how far it has come, `next` and `running`; `served`: whether somebody here runs it;
/// `last_job`: the number of its last job, if that is still known.
nlohmann::json describe(const Schedules::Entry&, Context&);

}  // namespace yore::command
