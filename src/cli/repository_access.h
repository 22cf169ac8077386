// SPDX-License-Identifier: Apache-2.0
/// The way to an open repository: its owner's socket, or its lock.
#pragma once

#include <yore/base/random.h>
#include <yore/base/time.h>
#include <yore/command/context.h>
#include <yore/server/client.h>
#include <yore/server/owner.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/invocation.h"
#include "cli/renderer.h"

namespace yore::cli {

/// Holds what has been found out on the way, so that one passphrase is asked for once.
class RepositoryAccess {
  public:
    /// No repository is named: `invalid`; there is none: `not_found`.
    RepositoryAccess(const Invocation&, std::optional<crypto::SecretBytes> passphrase, Renderer&);

    /// Runs the command where that works: `remote` at the owner, `local` in this process, which
    /// becomes the owner. Whoever owns the repository without answering: Errc::busy, naming it.
    nlohmann::json reach(
        const command::Call&,
        const std::function<nlohmann::json(std::unique_ptr<server::Owner>)>& local);
    /// Only at the owner. There is none: nullopt.
    std::optional<nlohmann::json> at_owner(const command::Call&);
    /// Becomes the owner, for continuous work. A command that runs there already is waited for; a
    /// server or a mount: with `replace` it is asked to drain and waited for, else Errc::busy,
    /// naming it. Stopped while waiting: Errc::cancelled.
    enum class Replace { no, yes };
    std::unique_ptr<server::Owner> own(Replace, const std::stop_token& stop);
    /// Asks for the secret and derives the keys, unless that was done.
    void unlock();

    command::OwnerLife life = command::OwnerLife::command;
    const server::Place& place() const { return place_; }

  private:
    std::unique_ptr<server::Owner> become_owner();
    /// Somebody has the lock and does not answer yet: waits a little. Too long already: throws.
    void wait_for(const store::Owner&);
    /// The owner answers: what it says of itself, when it may be waited for.
    void wait_to_own(const nlohmann::json& facts, Replace);
    bool is_draining() const;
    /// One passes when it is there for a command of its own that ends: what runs without end would
    /// keep it from ending.
    enum class OwnerSeen { none, passes, stays };
    OwnerSeen owner_seen() const;

    const Invocation& invocation_;
    Renderer& renderer_;
    std::optional<crypto::SecretBytes> passphrase_;
    const std::string directory_;
    SystemClock clock_;
    SystemRandom random_;
    std::optional<store::KeyFile> key_file_;
    const server::Place place_;
    std::optional<command::Unlocked> unlocked_;
    int waits_ = 0;
    bool asked_to_drain_ = false, told_to_wait_ = false;
};

}  // namespace yore::cli
