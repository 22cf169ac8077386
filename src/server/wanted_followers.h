// SPDX-License-Identifier: Apache-2.0
/// Follows the sources that a configuration says, and tries again what failed.
#pragma once

#include <yore/base/error.h>
#include <yore/command/context.h>

#include <list>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "server/asked_snapshot.h"

namespace yore::server {

/// How long to wait after so many failures in a row, at least one: a second, two, four … a minute
/// at most. What no waiting mends (a file system that cannot be followed) is tried every ten
/// minutes.
Duration follow_retry_delay(Errc, unsigned failures);

/// One thread, and one of its own for each source, which runs the command `log-follow`.
class WantedFollowers {
  public:
    /// `context` outlives it.
    explicit WantedFollowers(command::Context& context) : context_(context) {}
    /// Stops all; their segments are closed then.
    ~WantedFollowers();

    /// From now on these, which are in the catalog. One that goes on as before is not stopped; one
    /// that waits to be tried again is tried now.
    void want(const std::vector<std::string>& sources);

  private:
    struct Follower {
        catalog::Source source;
        std::optional<AskedSnapshot> snapshot;
        std::jthread thread;
    };
    void stop(const std::list<Follower*>&);
    void run(Follower&, const std::stop_token&);

    command::Context& context_;
    std::list<Follower> followers_;
};

}  // namespace yore::server
