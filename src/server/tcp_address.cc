// SPDX-License-Identifier: Apache-2.0
#include <yore/server/tcp_address.h>

#include <charconv>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace yore::server {

std::optional<TcpAddress> TcpAddress::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = text.substr(0, colon);
    const auto port_text = text.substr(colon + 1);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    TcpAddress address{std::string(host), 0};
    in6_addr parsed{};
    if (::inet_pton(bracketed ? AF_INET6 : AF_INET, address.host.c_str(), &parsed) != 1)
        return std::nullopt;
    const auto* end = port_text.data() + port_text.size();
    const auto [stopped, error] = std::from_chars(port_text.data(), end, address.port);
    if (error != std::errc() || stopped != end || address.port == 0) return std::nullopt;
    return address;
}

bool TcpAddress::is_loopback() const {
    in6_addr parsed{};
    if (is_ipv6())
        return ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1 && IN6_IS_ADDR_LOOPBACK(&parsed);
    return host.starts_with("127.");
}

std::string TcpAddress::text() const {
    return is_ipv6() ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace yore::server
