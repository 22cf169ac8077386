// SPDX-License-Identifier: Apache-2.0
/// What systemd hears: read from a socket as systemd binds it, by a path and by an abstract name.
#include <yore/server/notifier.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../support.h"

using namespace yore;
using namespace yore::server;
using namespace std::chrono_literals;

namespace {

class Ear {
  public:
    explicit Ear(const std::string& address) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::memcpy(at.sun_path, address.data(), address.size());
        if (address[0] == '@') at.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
        REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), size) == 0);
    }
    /// Nothing came: empty.
    std::string heard() const {
        char text[512];
        const auto size = ::recv(fd_.get(), text, sizeof text, MSG_DONTWAIT);
        return size < 0 ? "" : std::string(text, static_cast<std::size_t>(size));
    }

  private:
    Fd fd_;
};

}  // namespace

TEST_CASE("a service says how it is, to a path and to an abstract name") {
    const test::TemporaryDirectory scratch;
    const bool abstract = GENERATE(false, true);
    const auto address =
        abstract ? "@yore-test-notifier-" + std::to_string(::getpid()) : scratch / "notify";
    const Ear ear(address);
    Notifier notifier(address, 10s);
    CHECK(notifier.alive_period() == 5s);
    notifier.ready();
    CHECK(ear.heard() == "READY=1");
    notifier.alive();
    CHECK(ear.heard() == "WATCHDOG=1");
    notifier.reloading();
    CHECK_THAT(ear.heard(), Catch::StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    notifier.stopping();
    CHECK(ear.heard() == "STOPPING=1");
    CHECK(ear.heard().empty());
}

TEST_CASE("nobody to tell is no failure") {
    Notifier().ready();
    const test::TemporaryDirectory scratch;
    for (const std::string& address :
         {std::string("relative"), std::string("@"), scratch / "none", std::string(200, '/')})
        Notifier(address, std::nullopt).ready();
    const auto address = scratch / "notify";
    auto ear = std::make_unique<Ear>(address);
    Notifier notifier(address, std::nullopt);
    ear.reset();
    notifier.ready();
    CHECK_FALSE(notifier.alive_period());
}

TEST_CASE("the environment names the socket once, and a watchdog that is for us") {
    const test::TemporaryDirectory scratch;
    const Ear ear(scratch / "notify");
    const auto read = [&](const char* period, const std::string& watched) {
        ::setenv("NOTIFY_SOCKET", (scratch / "notify").c_str(), 1);
        ::setenv("WATCHDOG_USEC", period, 1);
        ::setenv("WATCHDOG_PID", watched.c_str(), 1);
        auto notifier = Notifier::from_environment();
        for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
            CHECK(std::getenv(name) == nullptr);
        return notifier.alive_period();
    };
    CHECK(read("30000000", std::to_string(::getpid())) == 15s);
    CHECK(read("30000000", "") == 15s);
    CHECK(read("30000000", "1") == std::nullopt);
    CHECK(read("0", "") == std::nullopt);
    CHECK(read("soon", "") == std::nullopt);
    Notifier::from_environment().ready();
    CHECK(ear.heard().empty());
}
