// SPDX-License-Identifier: Apache-2.0
/// What a conninfo names, and others that are made of it.
#pragma once

#include <chrono>
#include <optional>
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

/// One of those that libpq tries, one after the other.
struct HostAddress {
    std::string host;     ///< a name, an address, or a directory with a socket
    std::string address;  ///< numeric; of a socket: empty
    std::string port;
    bool operator==(const HostAddress&) const = default;
};
/// All that the hosts of a conninfo lead to, in its order. Looks names up, which may take a while;
/// those that lead nowhere are left out. It names no host: none.
std::vector<HostAddress> addresses_of(const std::string& conninfo);
/// Its `connect_timeout`, as libpq reads it: for each address. It has none: 10 seconds.
std::chrono::seconds connect_patience(const std::string& conninfo);

/// The database that it names.
std::optional<std::string> database_of(const std::string& conninfo);
/// The same conninfo, but for the database that it names. As it was parsed: a URI becomes
/// `keyword='value'`.
std::string conninfo_of_database(const std::string& conninfo, const std::string& database);

}  // namespace yore::ingest
