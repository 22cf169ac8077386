// SPDX-License-Identifier: Apache-2.0
/// From argv and the environment to an Invocation.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "cli/invocation.h"

namespace yore::cli {

/// Nothing to run: help, the version, or a mistake in the arguments.
struct Answer {
    int exit_code = 0;
    std::string out, err;
};

/// Never throws for what a user typed. Relative paths are made absolute.
std::variant<Invocation, Answer> parse(int argc, const char* const* argv);

}  // namespace yore::cli
