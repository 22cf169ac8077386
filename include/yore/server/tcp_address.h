// SPDX-License-Identifier: Apache-2.0
/// Where to listen for TCP: `127.0.0.1:9470`, `[::1]:9470`. Numbers only: a name may come to mean
/// another address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yore::server {

struct TcpAddress {
    std::string host;  ///< without brackets
    std::uint16_t port = 0;
    bool operator==(const TcpAddress&) const = default;

    bool is_ipv6() const { return host.find(':') != std::string::npos; }
    /// Reached from this machine alone.
    bool is_loopback() const;
    std::string text() const;
    /// The port is 1 to 65535. Of another form: nullopt.
    static std::optional<TcpAddress> parse(std::string_view);
};

}  // namespace yore::server
