// SPDX-License-Identifier: Apache-2.0
#include "server/acceptor.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace yore::server {

Acceptor::Acceptor(Fd socket, std::string name, Serve serve, std::size_t peers_max)
    : socket_(std::move(socket)),
      wake_(::eventfd(0, EFD_CLOEXEC)),
      name_(std::move(name)),
      serve_(std::move(serve)),
      peers_max_(peers_max) {
    if (!wake_) throw system_error("make", "eventfd", errno);
}

void Acceptor::start() {
    accepting_ = std::thread([this] { accept_until_stopped(); });
}

void Acceptor::end() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    if (accepting_.joinable()) accepting_.join();
    {
        std::scoped_lock lock(mutex_);
        for (const Connection& connection : connections_)
            ::shutdown(connection.fd.get(), SHUT_RDWR);
    }
    clear_done(true);
}

void Acceptor::accept_until_stopped() {
    pollfd waits[2] = {{socket_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    for (;;) {
        if (::poll(waits, 2, -1) < 0) continue;  // EINTR
        if (waits[1].revents != 0) return;
        clear_done(false);  // first: who has been served makes room
        accept_one();
    }
}

void Acceptor::accept_one() {
    Fd fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
        log_error("accept at {}: {}", name_, std::strerror(errno));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));  // descriptors may come free
        return;
    }
    std::scoped_lock lock(mutex_);
    if (connections_.size() >= peers_max_) return;
    Connection& connection = connections_.emplace_back();
    connection.fd = std::move(fd);
    try {
        connection.thread = std::thread([this, &connection] { serve_one(connection); });
    } catch (const std::system_error& error) {
        log_error("a peer at {} is hung up on: {}", name_, error.what());
        connections_.pop_back();
    }
}

void Acceptor::serve_one(Connection& connection) {
    serve_(connection.fd.get());
    // The peer learns at once that this is all; the descriptor goes with the thread.
    ::shutdown(connection.fd.get(), SHUT_RDWR);
    std::scoped_lock lock(mutex_);
    connection.done = true;
}

void Acceptor::clear_done(bool all) {
    std::list<Connection> done;
    {
        std::scoped_lock lock(mutex_);
        for (auto at = connections_.begin(); at != connections_.end();) {
            const auto next = std::next(at);
            if (all || at->done) done.splice(done.end(), connections_, at);
            at = next;
        }
    }
    for (Connection& connection : done) connection.thread.join();
}

}  // namespace yore::server
