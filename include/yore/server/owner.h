// SPDX-License-Identifier: Apache-2.0
/// The process that has a repository open: its lock, its socket, its Context, and the calls of
/// others that it runs.
///
/// The socket listens as soon as the lock is held; calls that come while the store is still being
/// opened wait. So whoever finds the lock taken finds a socket, or an owner that is about to end.
#pragma once

#include <yore/base/error.h>
#include <yore/command/command.h>
#include <yore/command/context.h>
#include <yore/server/place.h>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace yore::server {

class Owner {
  public:
    /// Another process owns it: nullptr, and `unlocked` is as it was. Throws what opening throws.
    static std::unique_ptr<Owner> take(command::Unlocked&& unlocked, command::ContextOptions,
                                       const Place&, const Clock&, Random&);
    /// Ends the calls in progress, unmounts, closes the store, releases the lock.
    ~Owner();

    command::Context& context();

    /// Waits until the OwnerLife of the Context is over and no call is in progress; from then on
    /// nobody is taken on. `stop` stops the calls of others. A successor that asks to drain: no
    /// more calls are taken, and it ends with the last one. Unmounts.
    void finish(std::stop_token stop);
    /// Requested when a successor has asked to drain: what would not end by itself ends then.
    std::stop_token drain_asked() const;
    /// Requested when a successor has asked to drain and the last call of others has ended.
    std::stop_token drained() const;
    /// The calls of others that are in progress: `snapshot (pid 12)`.
    std::vector<std::string> calls() const;

  private:
    Owner();
    struct State;
    std::unique_ptr<State> state_;
};

/// What is told of a call that was ended for a successor: Errc::busy.
Error taken_over();

}  // namespace yore::server
