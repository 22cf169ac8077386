// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/number.h>
#include <yore/server/notifier.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace yore::server {
namespace {

std::optional<std::string> take_environment(const char* name) {
    const char* value = std::getenv(name);
    std::string taken(value == nullptr ? "" : value);
    ::unsetenv(name);
    return taken.empty() ? std::nullopt : std::optional(taken);
}

std::optional<std::int64_t> number_of(const std::optional<std::string>& text) {
    const auto number = text ? parse_number<std::int64_t>(*text) : std::nullopt;
    return number && *number > 0 ? number : std::nullopt;
}

}  // namespace

Notifier::Notifier(std::string address, std::optional<std::chrono::microseconds> watchdog)
    : address_(std::move(address)) {
    if (watchdog) alive_period_ = *watchdog / 2;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    const bool usable = address_.size() > 1 && (address_[0] == '/' || address_[0] == '@') &&
                        address_.size() < sizeof to.sun_path;
    if (!usable) {
        log_warning("NOTIFY_SOCKET: {} is no address of a socket", address_);
        return;
    }
    std::memcpy(to.sun_path, address_.data(), address_.size());
    if (address_[0] == '@') to.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    socket_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket_ && ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), size) == 0)
        return;
    log_warning("NOTIFY_SOCKET: connect to {}: {}", address_, reason_of(errno));
    socket_.close();
}

Notifier Notifier::from_environment() {
    auto address = take_environment("NOTIFY_SOCKET");
    const auto period = number_of(take_environment("WATCHDOG_USEC"));
    const auto watched = number_of(take_environment("WATCHDOG_PID"));
    if (!address) return {};
    if (!period || (watched && *watched != ::getpid())) return {std::move(*address), std::nullopt};
    return {std::move(*address), std::chrono::microseconds(*period)};
}

void Notifier::reloading() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                     std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void Notifier::send(std::string_view lines) {
    if (!socket_) return;
    if (::send(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        log_warning("tell {} {}: {}", address_, lines, reason_of(errno));
}

}  // namespace yore::server
