// SPDX-License-Identifier: Apache-2.0
/// A peer that speaks HTTP by hand, so that it can misbehave: hang up in the middle, say nonsense.
#pragma once

#include <yore/base/error.h>
#include <yore/base/fd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

namespace yore::test {

class RawPeer {
  public:
    explicit RawPeer(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw system_error("connect", path, errno);
    }
    void say(const std::string& text) {
        [[maybe_unused]] const auto sent =
            ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
    void post(const std::string& path, const std::string& body) {
        say("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body);
    }
    /// What has come when `text` is in it; the other end hung up before: what came.
    std::string hear_until(const std::string& text) {
        char piece[4096];
        while (heard_.find(text) == std::string::npos) {
            const auto count = ::recv(fd_.get(), piece, sizeof piece, 0);
            if (count <= 0) break;
            heard_.append(piece, static_cast<std::size_t>(count));
        }
        return heard_;
    }
    std::string hear_all() { return hear_until("\xff never sent \xff"); }
    /// Says no more, and still listens.
    void fall_silent() { ::shutdown(fd_.get(), SHUT_WR); }
    void hang_up() { fd_.close(); }

  private:
    Fd fd_;
    std::string heard_;
};

}  // namespace yore::test
