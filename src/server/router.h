// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include "server/http_stream.h"

namespace yore::server {

/// httplib's parser and router on connections that we accepted ourselves: its own loop knows
/// neither peer credentials nor an end that waits for calls.
class Router final : public httplib::Server {
  public:
    /// While `svr_sock_` is not set, httplib takes itself for stopped and cuts answers short.
    void began(int listening) { svr_sock_ = listening; }
    ~Router() override { svr_sock_ = INVALID_SOCKET; }

    void serve(int fd, const HttpStream::Limits& limits = {}) {
        HttpStream stream(fd, limits);
        bool closed = false;
        process_request(stream, /*close_connection=*/true, closed, {});
    }
};

}  // namespace yore::server
