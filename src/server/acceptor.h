// SPDX-License-Identifier: Apache-2.0
/// Accepts at a listening socket and serves each connection on a thread of its own.
#pragma once

#include <yore/base/fd.h>

#include <functional>
#include <limits>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace yore::server {

class Acceptor {
  public:
    using Serve = std::function<void(int fd)>;

    /// `socket` listens already and does not block: peers wait until start(). More peers than
    /// `peers_max` at a time are hung up on. `name` is for log lines.
    Acceptor(Fd socket, std::string name, Serve serve,
             std::size_t peers_max = std::numeric_limits<std::size_t>::max());
    ~Acceptor() { end(); }
    /// Hangs up on all peers, and returns when the last `serve` has returned.
    void end();

    /// `serve` runs on many threads; the descriptor is closed some time after it returned.
    void start();
    int descriptor() const { return socket_.get(); }

  private:
    struct Connection {
        Fd fd;
        bool done = false;
        std::thread thread;
    };
    void accept_until_stopped();
    void accept_one();
    void serve_one(Connection&);
    void clear_done(bool all);

    Fd socket_, wake_;
    const std::string name_;
    const Serve serve_;
    const std::size_t peers_max_;
    std::mutex mutex_;
    std::list<Connection> connections_;
    std::thread accepting_;
};

}  // namespace yore::server
