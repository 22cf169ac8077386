// SPDX-License-Identifier: Apache-2.0
/// Which of pg_dump's options fit a dump that is a stream from a server of ours.
#pragma once

#include <string>
#include <vector>

namespace yore::command {

/// Those that name another server, role or database, or a file or directory to write to:
/// Errc::invalid. Whether pg_dump knows the others is its to say.
void check_dump_options(const std::vector<std::string>&);

}  // namespace yore::command
