// SPDX-License-Identifier: Apache-2.0
#include "server/http_stream.h"

#include <cerrno>

#include <sys/socket.h>

namespace yore::server {

ssize_t HttpStream::read(char* into, std::size_t size) {
    ssize_t count = 0;
    do {
        count = ::recv(fd_, into, size, 0);
    } while (count < 0 && errno == EINTR);
    return count;
}

ssize_t HttpStream::write(const char* from, std::size_t size) {
    ssize_t count = 0;
    do {
        count = ::send(fd_, from, size, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    return count;
}

void HttpStream::get_remote_ip_and_port(std::string& ip, int& port) const {
    ip = "unix";
    port = fd_;
}

void HttpStream::get_local_ip_and_port(std::string& ip, int& port) const {
    ip = "unix";
    port = fd_;
}

}  // namespace yore::server
