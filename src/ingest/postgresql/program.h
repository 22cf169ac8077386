// SPDX-License-Identifier: Apache-2.0
/// PostgreSQL's own programs: where they are, and how one is run.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

namespace yore::ingest {

/// The directory of `name` for a server of this version (as server_version_num): where packages put
/// the programs of that version or of the next later one, then PATH. `given` is looked in alone,
/// unless it is empty. Not there: Errc::not_found.
std::string find_postgresql_programs(const std::string& given, const std::string& name,
                                     int server_version);

/// Runs `words[0]`, a path, to its end, with nothing to read. Its output is thrown away; it fails:
/// Errc::io with the end of what it complained of. Stopped: it is ended, and `cancelled` thrown.
void run_program(const std::vector<std::string>& words, const std::stop_token&);

}  // namespace yore::ingest
