// SPDX-License-Identifier: Apache-2.0
#include "server/listener.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <cerrno>
#include <cstring>
#include <optional>

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

std::optional<Peer> peer_of(int fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
    return Peer{credentials.pid, credentials.uid};
}

}  // namespace

bool may_connect(uid_t peer, uid_t self) {
    return peer == self || peer == 0;
}

namespace {

/// Serves a peer that may be here.
Acceptor::Serve after_a_look(Listener::Serve serve) {
    return [serve = std::move(serve)](int fd) {
        const auto peer = peer_of(fd);
        if (peer && may_connect(peer->uid, ::geteuid()))
            serve(fd, *peer);
        else if (peer)
            log_warning("refused a connection of uid {} (pid {})", peer->uid, peer->pid);
    };
}

/// The place is made first.
Fd listen_in(const Place& place) {
    make_place(place);
    return listen_at(place.socket());
}

}  // namespace

Listener::Listener(const Place& place, Serve serve)
    : place_(place), acceptor_(listen_in(place), place.socket(), after_a_look(std::move(serve))) {}

Listener::~Listener() {
    ::unlink(place_.socket().c_str());
    acceptor_.end();
    ::rmdir(place_.directory.c_str());  // stays when a log is in it
}

}  // namespace yore::server
