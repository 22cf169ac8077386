// SPDX-License-Identifier: Apache-2.0
/// What a verify is asked for, and how much was verified when, in requests and answers.
#pragma once

#include <yore/catalog/verified.h>
#include <yore/command/context.h>

#include <nlohmann/json.hpp>

#include "command/fields.h"

namespace yore::command {

/// `level` (absent: 3 with `random` or `compare`, 2 with one of the others, else 1), `max_time`,
/// `older_than` (such as 30m), `random`, `compare`.
VerifySpec read_verify(Fields&);

/// As of now: `never_bytes`, `oldest` (null: nothing was ever read whole), `bytes_within` (`1d` …).
nlohmann::json describe_verified(Context&);
catalog::VerifiedSummary summarize_verified(Context&);

}  // namespace yore::command
