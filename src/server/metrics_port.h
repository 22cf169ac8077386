// SPDX-License-Identifier: Apache-2.0
/// GET /metrics over TCP, for a scraper that cannot ask at a Unix socket. Nothing else is answered
/// there: whoever reaches the address may read it, and is served in small measure.
#pragma once

#include <yore/command/context.h>
#include <yore/server/tcp_address.h>

#include <memory>
#include <optional>

#include "server/acceptor.h"
#include "server/router.h"

namespace yore::server {

/// One thread.
class MetricsPort {
  public:
    explicit MetricsPort(command::Context& context) : context_(context) {}
    /// From now on there, or nowhere. Where it cannot listen, it logs so, and the next call tries
    /// again.
    void want(const std::optional<TcpAddress>&);

  private:
    struct Open {
        Open(command::Context&, const TcpAddress&);
        const TcpAddress address;
        Router router;
        Acceptor acceptor;
    };
    command::Context& context_;
    std::unique_ptr<Open> open_;
};

}  // namespace yore::server
