// SPDX-License-Identifier: Apache-2.0
/// Continuous work on a repository as its configuration says, until it is stopped.
#pragma once

#include <yore/server/config.h>
#include <yore/server/notifier.h>
#include <yore/server/owner.h>

#include <memory>
#include <stop_token>
#include <string>

namespace yore::server {

class Server {
  public:
    /// `config` was read from the file `path`. `notifier` outlives this.
    Server(Config config, std::string path, Notifier& notifier);
    ~Server();

    /// Reads the file again, soon and on the thread of run(): whole and right, what differs is
    /// carried out; else each mistake is logged and all goes on as before. Any thread, also before
    /// run().
    void reload();

    /// Declares the sources, makes the mounts, and returns when `stop` is requested, or when a
    /// successor asked to drain and the last call of others has ended. All is closed then but the
    /// store and the lock: these go with the owner.
    void run(Owner&, std::stop_token stop);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::server
