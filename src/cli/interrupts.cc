// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupts.h"

#include <yore/command/command.h>

#include <csignal>

#include <unistd.h>

namespace yore::cli {
namespace {

sigset_t handled() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR2}) sigaddset(&set, signal);
    return set;
}

}  // namespace

Interrupts::Interrupts(std::function<void()> on_hangup) : on_hangup_(std::move(on_hangup)) {
    const sigset_t blocked = handled();
    ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    thread_ = std::jthread([this](const std::stop_token& stop) {
        const sigset_t set = handled();
        while (!stop.stop_requested()) {
            int signal = 0;
            if (::sigwait(&set, &signal) == 0 && !stop.stop_requested()) take(signal);
        }
    });
}

Interrupts::~Interrupts() {
    thread_.request_stop();
    ::pthread_kill(thread_.native_handle(), SIGUSR2);  // wakes sigwait
}

void Interrupts::take(int signal) {
    if (signal == SIGUSR2) return;
    if (signal == SIGHUP && on_hangup_) return on_hangup_();
    if (all_.stop_requested() && signal == SIGINT)
        ::_exit(static_cast<int>(command::ExitCode::interrupted));
    const bool again = first_.stop_requested();
    first_.request_stop();
    if (again || alone_ || signal != SIGINT) all_.request_stop();
}

}  // namespace yore::cli
