// SPDX-License-Identifier: Apache-2.0
/// What a PostgreSQL server needs of its host besides its data directory, and this host lacks.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace yore::cluster {

/// Of libraries as settings and functions name them (catalog::ServerNeeds), those that a server of
/// these programs would not find, with where it looks: a sentence each. Where that is cannot be
/// told: none.
std::vector<std::string> missing_libraries(const std::vector<std::string>& libraries,
                                           const std::string& programs);

/// Of collations with their versions (catalog::ServerNeeds), those that are of another version
/// here, or not there at all: a sentence each. ICU's are those of the library that `server` runs
/// with; which that is cannot be told: they are passed over, as are other providers'.
std::vector<std::string> other_collations(const std::vector<std::string>& collations, pid_t server);

}  // namespace yore::cluster
