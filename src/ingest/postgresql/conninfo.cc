// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/conninfo.h"

#include <yore/base/error.h>
#include <yore/ingest/postgresql.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string_view>

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

/// Two of the same server have the same, unless they name it by different names.
using Place = std::array<std::string, 3>;
Place place_of(const std::string& conninfo) {
    const Options options = options_of(conninfo);
    const auto value = [&](std::string_view keyword, std::string_view otherwise) {
        const auto found = options.find(keyword);
        return std::string(found == options.end() || found->second.empty() ? otherwise
                                                                           : found->second);
    };
    return {value("host", ""), value("hostaddr", ""), value("port", "5432")};
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

bool names_database(const std::string& conninfo) {
    return options_of(conninfo).contains("dbname");
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
    std::vector<Place> stay;
    for (const std::string& host : conninfo_of_each_host(after)) stay.push_back(place_of(host));
    std::vector<std::string> left = conninfo_of_each_host(before);
    std::erase_if(left, [&](const std::string& host) {
        return std::ranges::count(stay, place_of(host)) > 0;
    });
    return left;
}

}  // namespace yore::ingest
