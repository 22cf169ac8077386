// SPDX-License-Identifier: Apache-2.0
/// How long something is ago, as people say it.
#pragma once

#include <yore/base/time.h>

#include <string>

namespace yore::command {

/// `3 days`, `5 hours`, `12 minutes`, `40 seconds`: the largest unit that there are two of.
std::string age_text(Duration);

}  // namespace yore::command
