// SPDX-License-Identifier: Apache-2.0
//
// libpq's own way to connect blocks, and knows no stop. Its other way (PQconnectStart) has no time
// limit, and cannot be told to go on with the next address: so it is begun again without the one
// that is silent.
#include "ingest/postgresql/connect.h"

#include <yore/base/error.h>

#include <algorithm>
#include <cerrno>

#include <poll.h>

#include "ingest/postgresql/connection.h"
#include "ingest/postgresql/conninfo.h"
#include "ingest/postgresql/libpq.h"

namespace yore::ingest {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int look_for_stop_ms = 200;

std::string text_of(const char* text) {
    return text == nullptr ? "" : text;
}

/// What is tried now.
HostAddress place_of(const pg_conn* connection) {
    return {text_of(libpq().PQhost(connection)), text_of(libpq().PQhostaddr(connection)),
            text_of(libpq().PQport(connection))};
}

/// `addresses`: instead of what the conninfo says; none: what it says.
OpenConnection start(const std::string& conninfo, ConnectOptions options,
                     const std::vector<HostAddress>& addresses) {
    const auto add = [&](const char* keyword, std::string HostAddress::*part) {
        std::string list;
        for (const HostAddress& each : addresses)
            list += (&each == &addresses.front() ? "" : ",") + each.*part;
        options.emplace_back(keyword, std::move(list));
    };
    if (!addresses.empty()) {
        add("host", &HostAddress::host);
        add("hostaddr", &HostAddress::address);
        add("port", &HostAddress::port);
    }
    // The first `dbname` is expanded; what is behind it has the last word, but for what is only a
    // fallback.
    std::vector<const char*> keywords{"dbname"}, values{conninfo.c_str()};
    for (const auto& [keyword, value] : options) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    OpenConnection connection(libpq().PQconnectStartParams(keywords.data(), values.data(), 1));
    if (!connection) throw Error(Errc::io, "out of memory");
    return connection;
}

/// Until it is open, or has failed: true. An address was silent for so long: false.
bool finish(pg_conn* connection, std::chrono::seconds patience, const std::stop_token& stop) {
    HostAddress place;
    auto until = Steady::now() + patience;
    if (libpq().PQstatus(connection) == CONNECTION_BAD) return true;
    for (auto next = PGRES_POLLING_WRITING;
         next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED;
         next = libpq().PQconnectPoll(connection)) {
        if (auto now = place_of(connection); now != place) {
            place = std::move(now);
            until = Steady::now() + patience;
        }
        const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!wait_for_socket(libpq().PQsocket(connection), events, until, stop)) return false;
    }
    return true;
}

}  // namespace

void CloseConnection::operator()(pg_conn* connection) const {
    libpq().PQfinish(connection);
}

bool wait_for_socket(int socket, short events, Steady::time_point until,
                     const std::stop_token& stop) {
    pollfd wanted{socket, events, 0};
    for (;;) {
        if (stop.stop_requested()) throw Error(Errc::cancelled, "stopped");
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
        const auto wait = std::clamp<std::int64_t>(left.count(), 0, look_for_stop_ms);
        const int ready = ::poll(&wanted, 1, static_cast<int>(wait));
        if (ready < 0 && errno != EINTR) throw system_error("poll", "a server's connection", errno);
        if (ready > 0) return true;
        if (left.count() <= look_for_stop_ms) return false;
    }
}

OpenConnection connect(const std::string& conninfo, const ConnectOptions& options,
                       const std::stop_token& stop) {
    const auto patience = connect_patience(conninfo);
    std::vector<HostAddress> addresses;
    std::string silent;
    for (;;) {
        OpenConnection connection = start(conninfo, options, addresses);
        const bool finished = finish(connection.get(), patience, stop);
        if (libpq().PQstatus(connection.get()) == CONNECTION_OK) return connection;
        if (finished)
            throw Error(Errc::io, silent + one_line(libpq().PQerrorMessage(connection.get())));
        const HostAddress place = place_of(connection.get());
        silent += fmt::format("connection to server at \"{}\"{}, port {}: no answer in {} s; ",
                              place.host,
                              place.address.empty() ? "" : fmt::format(" ({})", place.address),
                              place.port, patience.count());
        if (addresses.empty()) addresses = addresses_of(conninfo);
        if (std::erase(addresses, place) == 0 || addresses.empty())
            throw Error(Errc::io, silent.substr(0, silent.size() - 2));
    }
}

}  // namespace yore::ingest
