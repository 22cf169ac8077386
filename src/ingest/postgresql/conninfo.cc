// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/conninfo.h"

#include <yore/base/error.h>
#include <yore/base/number.h>
#include <yore/ingest/postgresql.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include <netdb.h>
#include <sys/socket.h>

#include "ingest/postgresql/connection.h"
#include "ingest/postgresql/libpq.h"

namespace yore::ingest {
namespace {

/// Those that are given, by keyword.
using Options = std::map<std::string, std::string, std::less<>>;
using Parsed = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

Parsed parse(const std::string& conninfo) {
    char* problem = nullptr;
    Parsed parsed(libpq().PQconninfoParse(conninfo.c_str(), &problem), libpq().PQconninfoFree);
    if (!parsed) {
        const std::string text = problem == nullptr ? "out of memory" : one_line(problem);
        libpq().PQfreemem(problem);
        throw Error(Errc::invalid, fmt::format("conninfo: {}", text),
                    {"as libpq takes it: `host=db1 user=backup` or `postgresql://backup@db1`"});
    }
    return parsed;
}

Options options_of(const std::string& conninfo) {
    const Parsed parsed = parse(conninfo);
    Options options;
    for (const auto* option = parsed.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) options[option->keyword] = option->val;
    return options;
}

/// Between commas; not given: none.
std::vector<std::string> parts_of(const Options& options, std::string_view keyword) {
    std::vector<std::string> parts;
    const auto found = options.find(keyword);
    if (found == options.end()) return parts;
    std::string_view left = found->second;
    for (;;) {
        const auto comma = left.find(',');
        parts.emplace_back(left.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        left.remove_prefix(comma + 1);
    }
}

std::string text_of(const Options& options) {
    std::string text;
    for (const auto& [keyword, value] : options) {
        if (!text.empty()) text += ' ';
        text += keyword + "='";
        for (const char c : value) {
            if (c == '\'' || c == '\\') text += '\\';
            text += c;
        }
        text += '\'';
    }
    return text;
}

/// Of these libpq marks most, also those that are newer than this, as what is not to be shown.
bool is_secret(const PQconninfoOption& option) {
    constexpr std::array<std::string_view, 5> secrets{
        "password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"};
    return std::ranges::count(secrets, option.keyword) > 0 ||
           (option.dispchar != nullptr && option.dispchar[0] == '*');
}

/// Of a conninfo of one host, as it says it. Two of the same server have the same, unless they name
/// it by different names.
HostAddress place_of(const std::string& conninfo) {
    const Options options = options_of(conninfo);
    const auto value = [&](std::string_view keyword, std::string_view otherwise) {
        const auto found = options.find(keyword);
        return std::string(found == options.end() || found->second.empty() ? otherwise
                                                                           : found->second);
    };
    return {value("host", ""), value("hostaddr", ""), value("port", "5432")};
}

/// In the order of the system's preferences, as libpq has them.
std::vector<std::string> look_up(const std::string& host) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return {};
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
    std::vector<std::string> addresses;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0,
                          NI_NUMERICHOST) == 0)
            addresses.emplace_back(text.data());
    }
    return addresses;
}

}  // namespace

void check_conninfo(const std::string& conninfo) {
    const Parsed parsed = parse(conninfo);
    for (const auto* option = parsed.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr || option->val[0] == '\0') continue;
        const std::string_view keyword = option->keyword;
        if (is_secret(*option))
            throw Error(Errc::invalid, fmt::format("conninfo: it has a {} in it", keyword),
                        {keyword == "password"
                             ? "put it into ~/.pgpass of the user who owns the repository's "
                               "process, or name such a file: `passfile=/etc/yore/pgpass`"
                             : "put it into ~/.pg_service.conf of the user who owns the "
                               "repository's process, and name the service: `service=orders`"});
        if (keyword == "replication")
            throw Error(Errc::invalid, "conninfo: `replication` is for Yore to choose");
    }
}

std::vector<HostAddress> addresses_of(const std::string& conninfo) {
    std::vector<HostAddress> all;
    for (const std::string& one : conninfo_of_each_host(conninfo)) {
        const HostAddress place = place_of(one);
        const bool is_socket = place.host.starts_with('/') || place.host.starts_with('@');
        if (!place.address.empty() || is_socket)
            all.push_back(place);
        else if (!place.host.empty())
            for (std::string& address : look_up(place.host))
                all.push_back({place.host, std::move(address), place.port});
    }
    return all;
}

std::chrono::seconds connect_patience(const std::string& conninfo) {
    constexpr std::chrono::seconds usual{10}, unlimited{std::chrono::hours(24 * 365)};
    const Options options = options_of(conninfo);
    const auto given = options.find("connect_timeout");
    if (given == options.end()) return usual;
    const auto number = parse_number<std::int32_t>(given->second);
    if (!number) return usual;  // which libpq refuses
    return *number <= 0 ? unlimited : std::chrono::seconds(std::max(*number, 2));
}

std::optional<std::string> database_of(const std::string& conninfo) {
    const Options options = options_of(conninfo);
    const auto found = options.find("dbname");
    return found == options.end() ? std::nullopt : std::optional(found->second);
}

std::string conninfo_of_database(const std::string& conninfo, const std::string& database) {
    Options options = options_of(conninfo);
    options["dbname"] = database;
    return text_of(options);
}

std::vector<std::string> conninfo_of_each_host(const std::string& conninfo) {
    Options options = options_of(conninfo);
    options.erase("target_session_attrs");
    const auto hosts = parts_of(options, "host"), addresses = parts_of(options, "hostaddr"),
               ports = parts_of(options, "port");
    std::vector<std::string> all;
    for (std::size_t i = 0; i < std::max({hosts.size(), addresses.size(), std::size_t{1}}); ++i) {
        Options one = options;
        if (i < hosts.size()) one["host"] = hosts[i];
        if (i < addresses.size()) one["hostaddr"] = addresses[i];
        if (ports.size() > 1 && i < ports.size()) one["port"] = ports[i];
        all.push_back(text_of(one));
    }
    return all;
}

std::vector<std::string> conninfo_of_each_left_host(const std::string& before,
                                                    const std::string& after) {
    std::vector<HostAddress> stay;
    for (const std::string& host : conninfo_of_each_host(after)) stay.push_back(place_of(host));
    std::vector<std::string> left = conninfo_of_each_host(before);
    std::erase_if(left, [&](const std::string& host) {
        return std::ranges::count(stay, place_of(host)) > 0;
    });
    return left;
}

}  // namespace yore::ingest
