// SPDX-License-Identifier: Apache-2.0
/// The PostgreSQL server of a clone that is mounted.
#pragma once

#include <yore/cluster/server.h>
#include <yore/command/clones.h>
#include <yore/command/context.h>

#include <stop_token>
#include <string>

namespace yore::command {

class CloneServer {
  public:
    /// Starts it on `directory`, where the clone is mounted, and returns when it accepts queries.
    /// The clone's tablespaces are those of its record. Throws as cluster::Server does.
    CloneServer(Context&, const CloneRecord&, const std::string& directory, const std::stop_token&);
    void end(cluster::Server::End how) { server_.end(how); }

    /// Any thread.
    CloneStatus::Server status() const;
    const cluster::ServerAccess& access() const { return access_; }
    /// Whether no transaction has written since it started. Any thread.
    bool is_untouched(const std::stop_token&) const;

  private:
    cluster::Server server_;
    cluster::ServerAccess access_;
    std::string next_transaction_;  ///< when it had started
};

/// Where the server of a clone that is mounted at `directory` has its places; isolated, as its
/// name.
cluster::ServerOptions server_options(const Context&, const std::string& clone,
                                      const std::string& directory);

/// Ends the one that an owner which is gone has left.
void end_left_server(const std::string& repository, const CloneRecord&);

/// Of the base backup that a snapshot is: empty where it is none.
catalog::ServerNeeds needs_of(Context&, std::uint32_t source, const std::string& snapshot);

}  // namespace yore::command
