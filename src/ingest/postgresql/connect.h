// SPDX-License-Identifier: Apache-2.0
/// Waits for servers, no longer than they may take, and no longer than until it is stopped.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

struct pg_conn;

namespace yore::ingest {

struct CloseConnection {
    void operator()(pg_conn*) const;
};
using OpenConnection = std::unique_ptr<pg_conn, CloseConnection>;

/// By libpq's keywords; what is given here has the last word.
using ConnectOptions = std::vector<std::pair<std::string, std::string>>;

/// The first host of `conninfo` that answers and lets us in: libpq's choice, but an address that is
/// silent for the conninfo's `connect_timeout` (10 seconds, if it has none) is passed over here.
/// None does: Errc::io, in libpq's words. Stopped: `cancelled`, within a fifth of a second; but
/// looking up a name cannot be interrupted.
OpenConnection connect(const std::string& conninfo, const ConnectOptions&, const std::stop_token&);

/// Until the socket has one of these events of poll(2): true; or until then: false. Stopped:
/// Errc::cancelled.
bool wait_for_socket(int socket, short events, std::chrono::steady_clock::time_point until,
                     const std::stop_token&);

}  // namespace yore::ingest
