// SPDX-License-Identifier: Apache-2.0
/// Starts a PostgreSQL server on a data directory that was restored. The server belongs to whom the
/// directory belongs, lives on when this process ends, and is reached by a socket in the directory.
#pragma once

#include <yore/catalog/snapshot.h>

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace yore::cluster {

struct ClusterStart {
    std::string directory;  ///< absolute
    std::uint16_t port = 0;
    std::string programs;  ///< where its `postgres` is, absolute; empty: looked for by the version
    catalog::ServerNeeds needs = {};
};

struct StartedCluster {
    std::string log, connect_command, stop_command;
    std::vector<std::string> warnings;  ///< what it needs and does not find here
};

/// What can be known before anything is restored: the port, and whether the socket's path is too
/// long. Errc::invalid.
void check_cluster_start(const ClusterStart&);

/// Returns when it accepts queries, which may take as long as its recovery. It ended before:
/// Errc::io, with the end of its log, and which libraries are missing. Stopped: `cancelled`, with
/// how to stop the server.
StartedCluster start_cluster(const ClusterStart&, const std::stop_token&);

}  // namespace yore::cluster
