// SPDX-License-Identifier: Apache-2.0
/// Reaches the process that owns a repository, through its socket (docs/api.md).
#pragma once

#include <yore/command/command.h>
#include <yore/server/place.h>

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace yore::server {

/// A value; each call makes its own connection. Any thread.
class Client {
  public:
    explicit Client(Place place) : place_(std::move(place)) {}

    /// Who owns the repository: `pid`, `command`, `since`, `version`, `repository`, `id`, `life`,
    /// `mounts`, `calls`, `draining`. Nobody answers: nullopt. The place is not this user's alone:
    /// Errc::denied.
    std::optional<nlohmann::json> owner() const;

    /// Asks the owner to take no more calls and to end with the last one, and returns at once with
    /// what owner() says. Nobody answers: nullopt.
    std::optional<nlohmann::json> drain() const;

    /// Runs a command there. Nobody answers, or the owner was about to end and has not begun it:
    /// nullopt. Throws the command's own Error; `io` when the owner dies on the way. Stopped:
    /// Errc::cancelled, and the owner stops the command, too.
    std::optional<nlohmann::json> run(std::string_view command, const command::Call&) const;

  private:
    Place place_;
};

}  // namespace yore::server
