// SPDX-License-Identifier: Apache-2.0
#include <yore/ingest/postgresql_check.h>

#include <charconv>

#include <fmt/ranges.h>

#include "ingest/postgresql/connection.h"

namespace yore::ingest {
namespace {

using postgresql::ServerFacts;
using Row = Connection::Row;

constexpr int version_with_collations_of_databases = 150000;

std::uint64_t number_of(const std::optional<std::string>& text) {
    std::uint64_t number = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), number);
    return number;
}
bool is_true(const std::optional<std::string>& text) {
    return text == "t";
}

/// No such connection: why.
std::optional<std::string> open(std::optional<Connection>& connection, const std::string& conninfo,
                                const std::stop_token& stop, Connection::Kind kind) {
    try {
        connection.emplace(conninfo, stop, kind);
        return std::nullopt;
    } catch (const Error& error) {
        return error.what();
    }
}

bool is_refusal(Errc code) {
    return code == Errc::denied || code == Errc::invalid || code == Errc::busy;
}

/// The rows of a query, each with as many fields as it selects. Refused, or not answered in time:
/// nullopt.
std::optional<std::vector<Row>> rows_seen(Connection& connection, const std::string& query) {
    try {
        return connection.rows(query);
    } catch (const Error& error) {
        if (!is_refusal(error.code())) throw;
        connection.finish();
        return std::nullopt;
    }
}

/// The one field of each row.
std::optional<std::vector<std::string>> texts_seen(Connection& connection,
                                                   const std::string& query) {
    const auto rows = rows_seen(connection, query);
    if (!rows) return std::nullopt;
    std::vector<std::string> texts;
    for (const Row& row : *rows) texts.push_back(row.at(0).value_or(""));
    return texts;
}

void describe_connection(ServerFacts& facts, const Connection& connection) {
    facts.host = connection.host();
    facts.version = connection.server_version();
    facts.role = connection.user();
}

void ask_by_replication(ServerFacts& facts, Connection& connection) {
    describe_connection(facts, connection);
    const auto rows = rows_seen(connection, "IDENTIFY_SYSTEM");
    if (!rows || rows->size() != 1 || rows->front().size() < 3) return;
    const Row& row = rows->front();
    facts.identity = {number_of(row[0]),
                      {static_cast<std::uint32_t>(number_of(row[1]))},
                      postgresql::parse_lsn(row[2].value_or("")).value_or(postgresql::Lsn{})};
}

/// Those that there is no ordinary connection for, one by one.
void ask_settings_by_replication(ServerFacts& facts, Connection& connection) {
    for (const std::string& name : postgresql::checked_settings())
        if (const auto rows = rows_seen(connection, "SHOW " + name); rows && !rows->empty())
            facts.settings[name] = rows->front().at(0).value_or("");
}

/// The view leaves out what the role may not see.
void ask_settings(ServerFacts& facts, Connection& connection) {
    std::vector<std::string> names;
    for (const std::string& name : postgresql::checked_settings())
        names.push_back(quoted_literal(name));
    const auto rows = rows_seen(
        connection, fmt::format("select name, current_setting(name) from pg_settings where name in "
                                "({})",
                                fmt::join(names, ", ")));
    if (!rows) return;
    for (const Row& row : *rows) facts.settings[row.at(0).value_or("")] = row.at(1).value_or("");
}

void ask_role(ServerFacts& facts, Connection& connection) {
    const auto rows = rows_seen(connection,
                                "select rolreplication or rolsuper, pg_is_in_recovery() "
                                "from pg_roles where rolname = current_user");
    if (rows && !rows->empty()) {
        facts.may_replicate = is_true(rows->front().at(0));
        facts.in_recovery = is_true(rows->front().at(1));
    }
    const auto senders = rows_seen(connection, "select count(*) from pg_stat_replication");
    if (!senders || senders->empty()) return;
    const std::uint64_t own = facts.replication_refusal ? 0 : 1;
    const std::uint64_t all = number_of(senders->front().at(0));
    facts.wal_senders = all > own ? all - own : 0;
}

void ask_slots(ServerFacts& facts, Connection& connection) {
    const auto rows = rows_seen(
        connection,
        "select slot_name, active, temporary, coalesce(wal_status, ''), coalesce(greatest("
        "pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() "
        "else pg_current_wal_lsn() end, restart_lsn), 0), 0)::bigint "
        "from pg_replication_slots order by slot_name");
    if (!rows) return;
    facts.slots.emplace();
    for (const Row& row : *rows)
        facts.slots->push_back({.name = row.at(0).value_or(""),
                                .active = is_true(row.at(1)),
                                .temporary = is_true(row.at(2)),
                                .kept_bytes = number_of(row.at(4)),
                                .wal_status = row.at(3).value_or("")});
}

void ask_archiver(ServerFacts& facts, Connection& connection) {
    const auto rows = rows_seen(
        connection,
        "select archived_count, failed_count, last_failed_wal, coalesce(last_failed_time > "
        "coalesce(last_archived_time, '-infinity'), false) from pg_stat_archiver");
    if (!rows || rows->empty()) return;
    const Row& row = rows->front();
    facts.archiver = {number_of(row.at(0)), number_of(row.at(1)), row.at(2).value_or(""),
                      is_true(row.at(3))};
}

void ask_tablespaces(ServerFacts& facts, Connection& connection) {
    const auto rows = rows_seen(connection,
                                "select spcname, pg_tablespace_location(oid) from pg_tablespace "
                                "where spcname not in ('pg_default', 'pg_global') order by 1");
    if (!rows) return;
    facts.tablespaces.emplace();
    for (const Row& row : *rows)
        facts.tablespaces->push_back({row.at(0).value_or(""), row.at(1).value_or("")});
}

/// From version 15 on, databases have a locale's version of their own.
void ask_locale(ServerFacts& facts, Connection& connection) {
    const bool of_databases = facts.version >= version_with_collations_of_databases;
    std::string stale =
        "select format('%s %s, now %s', collname, collversion, pg_collation_actual_version(oid)) "
        "from pg_collation where collversion <> pg_collation_actual_version(oid)";
    if (of_databases)
        stale +=
            " union all select format('database %s %s, now %s', datname, datcollversion, "
            "pg_database_collation_actual_version(oid)) from pg_database "
            "where datcollversion <> pg_database_collation_actual_version(oid)";
    facts.stale_collations = texts_seen(connection, stale);
    const auto own =
        texts_seen(connection, fmt::format("select concat_ws(' ', datcollate, {}) from pg_database "
                                           "where datname = current_database()",
                                           of_databases ? "datcollversion" : "null"));
    if (own && !own->empty()) facts.locale = own->front();
}

void ask_by_query(ServerFacts& facts, Connection& connection) {
    describe_connection(facts, connection);
    restrain(connection, "10s", "30s");
    ask_settings(facts, connection);
    ask_role(facts, connection);
    ask_slots(facts, connection);
    ask_archiver(facts, connection);
    ask_tablespaces(facts, connection);
    facts.extensions = texts_seen(
        connection, "select extname || ' ' || extversion from pg_extension order by extname");
    ask_locale(facts, connection);
}

}  // namespace

postgresql::ServerFacts ask_server(const std::string& conninfo, const std::stop_token& stop) {
    ServerFacts facts;
    std::optional<Connection> replication, query;
    facts.replication_refusal = open(replication, conninfo, stop, Connection::Kind::replication);
    facts.query_refusal = open(query, conninfo, stop, Connection::Kind::query);
    if (query) ask_by_query(facts, *query);
    if (replication) ask_by_replication(facts, *replication);
    if (replication && !query) ask_settings_by_replication(facts, *replication);
    return facts;
}

}  // namespace yore::ingest
