// SPDX-License-Identifier: Apache-2.0
#include "server/listener.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace yore::server {
namespace {

constexpr int backlog = 128;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(Errc::invalid, fmt::format("{} is too long for a socket", path),
                    {"set YORE_RUNTIME_DIR to a shorter directory"});
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return address;
}

Fd listen_at(const std::string& path) {
    const auto address = address_of(path);
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw system_error("make socket", path, errno);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw system_error("remove", path, errno);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw system_error("bind", path, errno);
    if (::chmod(path.c_str(), 0600) != 0) throw system_error("change mode of", path, errno);
    if (::listen(socket.get(), backlog) != 0) throw system_error("listen at", path, errno);
    return socket;
}

Peer peer_of(int fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        throw system_error("ask who is at", "socket", errno);
    return {credentials.pid, credentials.uid};
}

}  // namespace

bool may_connect(uid_t peer, uid_t self) {
    return peer == self || peer == 0;
}

Listener::Listener(const Place& place, Serve serve) : place_(place), serve_(std::move(serve)) {
    make_place(place_);
    socket_ = listen_at(place_.socket());
    wake_ = Fd(::eventfd(0, EFD_CLOEXEC));
    if (!wake_) throw system_error("make", "eventfd", errno);
}

void Listener::start() {
    accepting_ = std::thread([this] { accept_until_stopped(); });
}

Listener::~Listener() {
    ::unlink(place_.socket().c_str());
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    if (accepting_.joinable()) accepting_.join();
    {
        std::scoped_lock lock(mutex_);
        for (const Connection& connection : connections_)
            ::shutdown(connection.fd.get(), SHUT_RDWR);
    }
    clear_done(true);
    ::rmdir(place_.directory.c_str());  // stays when a log is in it
}

void Listener::accept_until_stopped() {
    pollfd waits[2] = {{socket_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    for (;;) {
        if (::poll(waits, 2, -1) < 0) continue;  // EINTR
        if (waits[1].revents != 0) return;
        accept_one();
        clear_done(false);
    }
}

void Listener::accept_one() {
    Fd fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
        log_error("accept at {}: {}", place_.socket(), std::strerror(errno));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));  // descriptors may come free
        return;
    }
    const Peer peer = peer_of(fd.get());
    if (!may_connect(peer.uid, ::geteuid())) {
        log_warning("refused a connection of uid {} (pid {})", peer.uid, peer.pid);
        return;
    }
    std::scoped_lock lock(mutex_);
    Connection& connection = connections_.emplace_back();
    connection.fd = std::move(fd);
    connection.thread = std::thread([this, &connection, peer] {
        serve_(connection.fd.get(), peer);
        // The peer learns at once that this is all; the descriptor goes with the thread.
        ::shutdown(connection.fd.get(), SHUT_RDWR);
        std::scoped_lock done_lock(mutex_);
        connection.done = true;
    });
}

void Listener::clear_done(bool all) {
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
