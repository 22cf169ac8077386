// SPDX-License-Identifier: Apache-2.0
/// The figures over TCP: for a scraper, and not much else.
#include <chrono>
#include <thread>

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "../command/command_fixture.h"
#include "server/metrics_port.h"

using namespace yore;
using namespace yore::test;
using server::TcpAddress;

namespace {

/// A port that nobody listens at now.
TcpAddress free_address() {
    const Fd probe(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return {"127.0.0.1", ntohs(address.sin_port)};
}

httplib::Result get(const TcpAddress& address, const std::string& path) {
    return httplib::Client(address.host, address.port).Get(path);
}

}  // namespace

TEST_CASE("an address is numbers and a port", "[metrics]") {
    CHECK(TcpAddress::parse("127.0.0.1:9470") == TcpAddress{"127.0.0.1", 9470});
    CHECK(TcpAddress::parse("[::1]:1") == TcpAddress{"::1", 1});
    CHECK(TcpAddress::parse("[::1]:65535")->text() == "[::1]:65535");
    CHECK(TcpAddress::parse("0.0.0.0:80")->text() == "0.0.0.0:80");
    for (const char* text : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
                             "127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:1x", "localhost:1",
                             "::1:80", "[127.0.0.1]:80", "[::1:80", "127.1:80", "[]:80"})
        CHECK_FALSE(TcpAddress::parse(text));
    for (const char* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1"})
        CHECK(TcpAddress::parse(text)->is_loopback());
    for (const char* text : {"0.0.0.0:1", "[::]:1", "192.168.0.1:1", "[fe80::1]:1"})
        CHECK_FALSE(TcpAddress::parse(text)->is_loopback());
}

TEST_CASE("a scraper gets the figures, and nothing else is there", "[metrics]") {
    CommandFixture repo;
    repo.snapshot();
    server::MetricsPort port(repo.owner->context());
    const auto address = free_address();
    port.want(address);
    const auto answer = get(address, "/metrics");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->get_header_value("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK_THAT(answer->body, Catch::Contains("yore_source_snapshots{source=\"home\"} 1\n"));
    CHECK(get(address, "/v1/owner")->status == 404);
    CHECK(httplib::Client(address.host, address.port).Post("/v1/drain")->status == 404);
    CHECK(httplib::Client(address.host, address.port)
              .Post("/metrics", std::string(100, 'x'), "text/plain")
              ->status >= 400);
    const std::string long_path(100'000, 'x');
    const auto refused = get(address, "/" + long_path);
    CHECK((!refused || refused->status >= 400));
    CHECK(get(address, "/metrics")->status == 200);

    const auto other = free_address();
    port.want(other);
    CHECK_FALSE(get(address, "/metrics"));
    CHECK(get(other, "/metrics")->status == 200);
    port.want({});
    CHECK_FALSE(get(other, "/metrics"));
}

TEST_CASE("an address that is taken is asked for again", "[metrics]") {
    CommandFixture repo;
    server::MetricsPort first(repo.owner->context()), second(repo.owner->context());
    const auto address = free_address();
    first.want(address);
    second.want(address);  // logged; the server goes on
    first.want({});
    CHECK_FALSE(get(address, "/metrics"));
    second.want(address);
    CHECK(get(address, "/metrics")->status == 200);
}

TEST_CASE("many scrapers at once are answered or hung up on, and the next one is answered",
          "[metrics]") {
    CommandFixture repo;
    server::MetricsPort port(repo.owner->context());
    const auto address = free_address();
    port.want(address);
    std::atomic<int> answered = 0;
    in_threads(30, [&](unsigned) {
        const auto answer = get(address, "/metrics");
        if (answer && answer->status == 200) ++answered;
        return !answer || answer->status == 200;
    });
    CHECK(answered > 0);
    bool again = false;  // those that were answered last may not be gone yet
    for (int i = 0; i < 1000 && !again; ++i) {
        again = bool(get(address, "/metrics"));
        if (!again) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    CHECK(again);
}
