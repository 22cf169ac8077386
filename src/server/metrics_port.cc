// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_port.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/metrics.h>

#include <cerrno>
#include <chrono>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace yore::server {
namespace {

constexpr int backlog = 16;
constexpr std::size_t peers_max = 16;
constexpr HttpStream::Limits limits{16u << 10, std::chrono::seconds(10)};

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const TcpAddress& address) {
    SocketAddress made;
    if (address.is_ipv6()) {
        auto& whole = reinterpret_cast<sockaddr_in6&>(made.storage);
        whole.sin6_family = AF_INET6;
        whole.sin6_port = htons(address.port);
        ::inet_pton(AF_INET6, address.host.c_str(), &whole.sin6_addr);
        made.size = sizeof whole;
    } else {
        auto& whole = reinterpret_cast<sockaddr_in&>(made.storage);
        whole.sin_family = AF_INET;
        whole.sin_port = htons(address.port);
        ::inet_pton(AF_INET, address.host.c_str(), &whole.sin_addr);
        made.size = sizeof whole;
    }
    return made;
}

Fd listen_at(const TcpAddress& address) {
    const auto whole = socket_address(address);
    Fd socket(::socket(whole.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw system_error("make socket", address.text(), errno);
    const int yes = 1;  // after a restart, though connections of before are still dying
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket.get(), whole.get(), whole.size) != 0)
        throw system_error("bind", address.text(), errno);
    if (::listen(socket.get(), backlog) != 0)
        throw system_error("listen at", address.text(), errno);
    return socket;
}

}  // namespace

MetricsPort::Open::Open(command::Context& context, const TcpAddress& where)
    : address(where),
      acceptor(
          listen_at(where), where.text(), [this](int fd) { router.serve(fd, limits); }, peers_max) {
    router.set_payload_max_length(0);
    router.Get("/metrics", [&context](const httplib::Request&, httplib::Response& response) {
        response.set_content(command::metrics_text(context), command::metrics_type);
    });
    router.set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
            response.status = 500;
            response.set_content("the repository cannot be read; its owner's log says why\n",
                                 "text/plain");
        });
    router.began(acceptor.descriptor());
    acceptor.start();
}

void MetricsPort::want(const std::optional<TcpAddress>& wanted) {
    if (open_ && wanted == open_->address) return;
    open_.reset();
    if (!wanted) return;
    try {
        open_ = std::make_unique<Open>(context_, *wanted);
        log_info("metrics at http://{}/metrics", wanted->text());
    } catch (const Error& error) {
        log_error("no metrics: {}; a reload tries again", error.full_text());
    }
}

}  // namespace yore::server
