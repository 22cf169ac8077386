// SPDX-License-Identifier: Apache-2.0
/// What a copy of a cluster needs on its host besides PostgreSQL itself.
#pragma once

#include <yore/catalog/snapshot.h>

#include <stop_token>
#include <string>

namespace yore::ingest {

/// As the server at `host` (Connection::host), one of the conninfo's, tells a role over ordinary
/// connections to each database that lets it in: libraries of settings and of functions, and
/// collations of databases and columns. What is not told, or not in time, is not in it; no more
/// than some hundreds of each.
catalog::ServerNeeds ask_server_needs(const std::string& conninfo, const std::string& host,
                                      const std::stop_token&);

}  // namespace yore::ingest
