// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/conninfo.h"

#include <yore/base/error.h>
#include <yore/ingest/postgresql.h>

#include <algorithm>
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

Options options_of(const std::string& conninfo) {
    char* problem = nullptr;
    const Parsed parsed(libpq().PQconninfoParse(conninfo.c_str(), &problem),
                        libpq().PQconninfoFree);
    if (!parsed) {
        const std::string text = problem == nullptr ? "out of memory" : one_line(problem);
        libpq().PQfreemem(problem);
        throw Error(Errc::invalid, fmt::format("conninfo: {}", text),
                    {"as libpq takes it: `host=db1 user=backup` or `postgresql://backup@db1`"});
    }
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

}  // namespace

void check_conninfo(const std::string& conninfo) {
    for (const auto& [keyword, value] : options_of(conninfo)) {
        if (value.empty()) continue;
        if (keyword == "password" || keyword == "sslpassword")
            throw Error(Errc::invalid, fmt::format("conninfo: it has a {} in it", keyword),
                        {"put it into ~/.pgpass of the user who owns the repository's process, or "
                         "name such a file: `passfile=/etc/yore/pgpass`"});
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

}  // namespace yore::ingest
