// SPDX-License-Identifier: Apache-2.0
/// Other programs: where they are looked for, how one is begun and waited for.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace yore {

/// The directories of PATH, in their order.
std::vector<std::string> path_directories();

/// Descriptors that a program has for its own; -1: ours.
struct StandardStreams {
    int input = -1, output = -1, errors = -1;
};
/// Runs the program at `path` with these words (the first is its own name) and these variables, as
/// of execve; nullptr: ours. Our blocked signals are not its. Cannot be run: throws as system_error
/// does.
pid_t spawn_program(const std::string& path, std::vector<std::string> words,
                    const StandardStreams&, char* const* variables = nullptr);

/// Its status, as waitpid tells it; signals of ours do not end the wait.
int wait_for_program(pid_t);

}  // namespace yore
