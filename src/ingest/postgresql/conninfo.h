// SPDX-License-Identifier: Apache-2.0
/// What a conninfo names, and others that are made of it.
#pragma once

#include <string>
#include <vector>

namespace yore::ingest {

/// A conninfo for each host that this one names, in its order: with its port, and of whatever state
/// the server is in (`target_session_attrs` is left out). It names none: one. Not a conninfo:
/// Errc::invalid.
std::vector<std::string> conninfo_of_each_host(const std::string& conninfo);
/// The same of each host that `before` names and `after` does not: by name, address and port.
std::vector<std::string> conninfo_of_each_left_host(const std::string& before,
                                                    const std::string& after);

/// Whether it names a database.
bool names_database(const std::string& conninfo);
/// The same conninfo, but for the database that it names. As it was parsed: a URI becomes
/// `keyword='value'`.
std::string conninfo_of_database(const std::string& conninfo, const std::string& database);

}  // namespace yore::ingest
