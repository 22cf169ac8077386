// SPDX-License-Identifier: Apache-2.0
/// A connected socket as httplib's Stream. Without limits it waits as long as the peer does: the
/// peer's end is what tells that it is gone, no timeout, since a reader may stop its terminal for
/// an hour.
///
/// What has arrived is taken in at once: httplib asks for single bytes and for 4 KiB.
#pragma once

#include <yore/base/bytes.h>

#include <chrono>
#include <limits>
#include <optional>
#include <string>

#include <httplib.h>

namespace yore::server {

class HttpStream final : public httplib::Stream {
  public:
    /// For peers that anybody may be.
    struct Limits {
        std::size_t request_bytes_max = std::numeric_limits<std::size_t>::max();
        std::optional<std::chrono::milliseconds> time = {};  ///< for the whole request
    };
    HttpStream(int fd, const Limits&);

    bool is_readable() const override { return true; }
    bool is_writable() const override { return true; }
    ssize_t read(char* into, std::size_t size) override;
    ssize_t write(const char* from, std::size_t size) override;
    /// A Unix peer has no port: the descriptor is in its place, for Request::remote_port.
    void get_remote_ip_and_port(std::string& ip, int& port) const override;
    void get_local_ip_and_port(std::string& ip, int& port) const override;
    socket_t socket() const override { return fd_; }

  private:
    using Clock = std::chrono::steady_clock;
    /// Whether it can be read or written in time.
    bool wait_for(short events) const;
    ssize_t receive(char* into, std::size_t size);

    const int fd_;
    std::size_t bytes_left_;
    std::optional<Clock::time_point> deadline_;
    Buffer arrived_;  ///< of it, [taken_, arrived_bytes_) is not read yet
    std::size_t taken_ = 0, arrived_bytes_ = 0;
};

}  // namespace yore::server
