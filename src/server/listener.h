// SPDX-License-Identifier: Apache-2.0
/// A Unix socket that only its user and root reach: accepts, checks the peer, and has it served.
#pragma once

#include <yore/server/place.h>

#include <functional>
#include <memory>

#include <sys/types.h>

#include "server/acceptor.h"

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
    void start() { acceptor_.start(); }
    int descriptor() const { return acceptor_.descriptor(); }

  private:
    const Place place_;
    Acceptor acceptor_;
};

}  // namespace yore::server
