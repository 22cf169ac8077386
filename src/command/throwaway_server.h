// SPDX-License-Identifier: Apache-2.0
/// A server on a clone of a moment, for as long as one command needs it.
#pragma once

#include <yore/cluster/server.h>
#include <yore/command/clones.h>
#include <yore/command/context.h>

#include <optional>
#include <stop_token>
#include <string>

#include "command/moment.h"
#include "command/throwaway_clone.h"

namespace yore::command {

class ThrowawayServer {
  public:
    enum class Reuse : std::uint8_t {
        none,       ///< a clone of its own, which may be written to
        untouched,  ///< that of a clone of the same state, in which nothing was written
    };
    /// Returns when it accepts queries. `options`: programs and role.
    ThrowawayServer(Context&, const Moment&, const CloneServerOptions& options, Reuse,
                    const std::stop_token&);
    const cluster::ServerAccess& access() const { return clone_.server->access; }
    const std::vector<std::string>& warnings() const { return clone_.server->warnings; }
    /// The data directory, as this process sees it.
    const std::string& directory() const { return clone_.directory; }
    bool is_own() const { return own_.has_value(); }
    /// Ends the server cleanly, for who reads the files behind it; its own only.
    void end_server(const std::stop_token&);

  private:
    Context& context_;
    std::optional<ThrowawayClone> own_;
    CloneStatus clone_;
};

}  // namespace yore::command
