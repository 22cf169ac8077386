// SPDX-License-Identifier: Apache-2.0
/// A Unix socket that only its user and root reach: accepts, checks the peer, serves each
/// connection on a thread of its own.
#pragma once

#include <yore/base/fd.h>
#include <yore/server/place.h>

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include <sys/types.h>

namespace yore::server {

/// Who is at the other end, by the kernel's word.
struct Peer {
    pid_t pid = 0;
    uid_t uid = 0;
};
/// The same user and root may; nobody else.
bool may_connect(uid_t peer, uid_t self);

class Listener {
  public:
    using Serve = std::function<void(int fd, const Peer&)>;

    /// Replaces the socket of an owner that died: call with the repository's lock held. From now on
    /// peers can connect; they wait until start().
    Listener(const Place&, Serve serve);
    /// Removes the socket, hangs up on all peers, and returns when the last `serve` has returned.
    ~Listener();

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
    void clear_done(bool all);

    const Place place_;
    const Serve serve_;
    Fd socket_, wake_;
    std::mutex mutex_;
    std::list<Connection> connections_;
    std::thread accepting_;
};

}  // namespace yore::server
