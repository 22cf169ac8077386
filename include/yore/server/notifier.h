// SPDX-License-Identifier: Apache-2.0
/// Tells systemd how the service is: the protocol of sd_notify(3), lines in a datagram.
#pragma once

#include <yore/base/fd.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace yore::server {

/// Nobody listens, or does not answer: nothing happens. One thread.
class Notifier {
  public:
    Notifier() = default;
    /// `address`: of a datagram socket, a path or `@NAME` for an abstract one. `watchdog`: how
    /// often alive() is due at the least.
    Notifier(std::string address, std::optional<std::chrono::microseconds> watchdog);
    /// By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which are taken out of the environment:
    /// what we start is not the service.
    static Notifier from_environment();

    void ready() { send("READY=1"); }
    void reloading();
    void stopping() { send("STOPPING=1"); }
    void alive() { send("WATCHDOG=1"); }

    /// How often to call alive(): twice as often as is asked for. Nobody watches: nullopt.
    std::optional<std::chrono::microseconds> alive_period() const { return alive_period_; }

  private:
    void send(std::string_view lines);
    std::string address_;
    Fd socket_;
    std::optional<std::chrono::microseconds> alive_period_;
};

}  // namespace yore::server
