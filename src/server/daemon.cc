// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/server/daemon.h>

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace yore::server {
namespace {

Fd open_log(const std::string& log) {
    ::rename(log.c_str(), (log + ".old").c_str());
    Fd fd(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!fd) throw system_error("open", log, errno);
    return fd;
}

void leave_the_terminal(int log) {
    ::setsid();
    if (::chdir("/") != 0) throw system_error("enter", "/", errno);
    const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    ::dup2(nothing.get(), STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
}

}  // namespace

Daemon Daemon::split(const std::string& log) {
    const Fd log_file = open_log(log);
    std::array<int, 2> ends{};
    // A socket pair: its sender learns by MSG_NOSIGNAL, not by a signal, that the parent is gone.
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw system_error("make", "socket pair", errno);
    Fd parent_end(ends[0]), child_end(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) throw system_error("start", "background process", errno);
    if (child > 0) return {false, std::move(parent_end)};
    leave_the_terminal(log_file.get());
    return {true, std::move(child_end)};
}

std::optional<std::string> Daemon::wait_for_report() {
    std::string text;
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t count = ::recv(pipe_.get(), piece.data(), piece.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::nullopt;
        text.append(piece.data(), static_cast<std::size_t>(count));
        if (text.ends_with('\n')) return text;
    }
}

bool Daemon::report(const std::string& line) {
    const std::string text = line + "\n";
    const bool sent = ::send(pipe_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                      static_cast<ssize_t>(text.size());
    pipe_.close();
    return sent;
}

}  // namespace yore::server
