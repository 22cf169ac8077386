// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/server_needs.h"

#include <yore/base/log.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <vector>

#include "ingest/postgresql/connection.h"
#include "ingest/postgresql/conninfo.h"

namespace yore::ingest {
namespace {

using Steady = std::chrono::steady_clock;
using Texts = std::set<std::string>;

constexpr std::size_t texts_max = 500, databases_max = 200;
/// Of all databases together: the backup waits for it.
constexpr std::chrono::seconds time_max{30};

/// A connection whose queries change nothing and wait for nobody.
void open(std::optional<Connection>& connection, const std::string& conninfo,
          const std::stop_token& stop) {
    connection.emplace(conninfo, stop, Connection::Kind::query);
    restrain(*connection, "1s", "5s");
}

/// The one field of each row. Refused, or not answered in time: none.
std::vector<std::string> texts_of(Connection& connection, const std::string& query) {
    std::vector<std::string> texts;
    try {
        for (const auto& row : connection.rows(query)) texts.push_back(row.at(0).value_or(""));
    } catch (const Error& error) {
        if (error.code() == Errc::io || error.code() == Errc::cancelled) throw;
        connection.finish();
    }
    return texts;
}

void add(Texts& all, const std::vector<std::string>& texts) {
    for (const std::string& text : texts)
        if (!text.empty() && all.size() < texts_max) all.insert(text);
}

/// A list of names between commas, which may be quoted.
std::vector<std::string> names_in(std::string_view list) {
    std::vector<std::string> names(1);
    for (const char c : list) {
        if (c == ',')
            names.emplace_back();
        else if (c != ' ' && c != '"')
            names.back() += c;
    }
    return names;
}

/// `libc de_DE.UTF-8 2.36`, of a row that has a provider, a name and a version. What has no version
/// (C, POSIX) is the same everywhere.
std::string collation_text(std::string_view provider, std::string_view name,
                           std::string_view version) {
    return fmt::format(
        "concat_ws(' ', case {} when 'c' then 'libc' when 'i' then 'icu' else {}::text end, {}, "
        "{})",
        provider, provider, name, version);
}

/// From version 15 on, databases have a provider of their own.
std::string collations_of_databases(int version) {
    const bool has_version = version >= 150000;
    const std::string locale = version >= 170000 ? "datlocale" : "daticulocale";
    if (has_version)
        return fmt::format(
            "select {} from pg_database where pg_database_collation_actual_version(oid) is not "
            "null",
            collation_text("datlocprovider", fmt::format("coalesce({}, datcollate)", locale),
                           "pg_database_collation_actual_version(oid)"));
    return fmt::format(
        "select {} from pg_database join pg_collation on collprovider = 'c' and collcollate = "
        "datcollate where pg_collation_actual_version(pg_collation.oid) is not null",
        collation_text("collprovider", "datcollate",
                       "pg_collation_actual_version(pg_collation.oid)"));
}

/// Those of columns, also of indexes, besides their database's.
std::string collations_of_columns(int version) {
    const std::string name = version >= 170000   ? "coalesce(colllocale, collcollate)"
                             : version >= 150000 ? "coalesce(colliculocale, collcollate)"
                                                 : "collcollate";
    return fmt::format(
        "select {} from pg_collation where collversion is not null and oid in "
        "(select attcollation from pg_attribute)",
        collation_text("collprovider", name, "pg_collation_actual_version(oid)"));
}

class Asker {
  public:
    Asker(const std::string& host, const std::stop_token& stop)
        : host_(host), stop_(stop), until_(Steady::now() + time_max) {}

    /// Of the server as a whole, and of its databases. It is another server: false.
    bool ask(const std::string& conninfo) {
        std::optional<Connection> connection;
        open(connection, conninfo, stop_);
        if (connection->host() != host_) return false;
        const auto lists =
            texts_of(*connection,
                     "select setting from pg_settings where name in ('shared_preload_libraries', "
                     "'session_preload_libraries', 'local_preload_libraries')");
        for (const std::string& list : lists) add(libraries_, names_in(list));
        add(collations_,
            texts_of(*connection, collations_of_databases(connection->server_version())));
        const auto databases = texts_of(
            *connection, fmt::format("select datname from pg_database where datallowconn order by "
                                     "oid desc limit {}",
                                     databases_max));
        for (const std::string& name : databases) ask_database(conninfo, name);
        return true;
    }
    catalog::ServerNeeds needs() const {
        return {{libraries_.begin(), libraries_.end()}, {collations_.begin(), collations_.end()}};
    }

  private:
    /// One that lets nobody in tells nothing.
    void ask_database(const std::string& conninfo, const std::string& name) {
        if (Steady::now() > until_) return;
        try {
            std::optional<Connection> connection;
            open(connection, conninfo_of_database(conninfo, name), stop_);
            add(libraries_, texts_of(*connection,
                                     "select distinct probin from pg_proc where probin is not "
                                     "null"));
            add(collations_,
                texts_of(*connection, collations_of_columns(connection->server_version())));
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            log_debug("database {}: what it needs is not seen: {}", name, error.what());
        }
    }

    const std::string host_;
    const std::stop_token& stop_;
    const Steady::time_point until_;
    Texts libraries_, collations_;
};

}  // namespace

catalog::ServerNeeds ask_server_needs(const std::string& conninfo, const std::string& host,
                                      const std::stop_token& stop) {
    Asker asker(host, stop);
    for (const std::string& one : conninfo_of_each_host(conninfo)) {
        try {
            if (asker.ask(one)) break;
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            log_debug("{}: what a copy needs is not seen: {}", host, error.what());
        }
    }
    return asker.needs();
}

}  // namespace yore::ingest
