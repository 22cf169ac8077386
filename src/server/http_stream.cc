// SPDX-License-Identifier: Apache-2.0
#include "server/http_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

namespace yore::server {
namespace {
constexpr std::size_t arrived_bytes_max = 128u << 10;
}

HttpStream::HttpStream(int fd, const Limits& limits)
    : fd_(fd), bytes_left_(limits.request_bytes_max), arrived_(arrived_bytes_max) {
    if (limits.time) deadline_ = Clock::now() + *limits.time;
}

bool HttpStream::wait_for(short events) const {
    if (!deadline_) return true;
    pollfd wait{fd_, events, 0};
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(*deadline_ - Clock::now());
        if (left.count() <= 0) return false;
        const int ready = ::poll(&wait, 1, static_cast<int>(left.count()));
        if (ready >= 0 || errno != EINTR) return ready > 0;
    }
}

ssize_t HttpStream::read(char* into, std::size_t size) {
    if (taken_ == arrived_bytes_) {
        const ssize_t count = receive(reinterpret_cast<char*>(arrived_.data()), arrived_.size());
        if (count <= 0) return count;
        taken_ = 0;
        arrived_bytes_ = static_cast<std::size_t>(count);
    }
    size = std::min(size, arrived_bytes_ - taken_);
    std::memcpy(into, arrived_.data() + taken_, size);
    taken_ += size;
    return static_cast<ssize_t>(size);
}

ssize_t HttpStream::receive(char* into, std::size_t size) {
    size = std::min(size, bytes_left_);
    if (size == 0 || !wait_for(POLLIN)) return -1;
    ssize_t count = 0;
    do {
        count = ::recv(fd_, into, size, 0);
    } while (count < 0 && errno == EINTR);
    if (count > 0) bytes_left_ -= static_cast<std::size_t>(count);
    return count;
}

ssize_t HttpStream::write(const char* from, std::size_t size) {
    if (!wait_for(POLLOUT)) return -1;
    const int flags = MSG_NOSIGNAL | (deadline_ ? MSG_DONTWAIT : 0);
    ssize_t count = 0;
    do {
        count = ::send(fd_, from, size, flags);
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
