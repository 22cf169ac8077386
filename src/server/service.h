// SPDX-License-Identifier: Apache-2.0
/// The owner's HTTP: docs/api.md.
///
///     GET  /v1/owner             who owns the repository
///     GET  /metrics              figures, in Prometheus' text format
///     POST /v1/drain             takes no more commands, ends with the last; answers as /v1/owner
///     POST /v1/commands/NAME     runs a command; the answer is a stream of JSON lines
///     PUT  /v1/inputs/ID         what a running command asked for
#pragma once

#include <yore/command/context.h>
#include <yore/server/place.h>

#include <future>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "server/calls.h"
#include "server/remote_call.h"

namespace yore::server {

class Service {
  public:
    /// Serves from now on; commands wait for `opened`, which may hold an exception. `who` is what
    /// GET /v1/owner says. All outlive this.
    Service(const Place&, Calls&, nlohmann::json who, std::shared_future<command::Context*> opened,
            Random&);
    ~Service();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::server
