// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>

#include "ingest/postgresql/conninfo.h"
#include "ingest/postgresql/libpq.h"

namespace yore::ingest {
namespace {

using Steady = std::chrono::steady_clock;
using Time = Steady::time_point;

std::string field_of(const PGresult* result, int field) {
    const char* text = libpq().PQresultErrorField(result, field);
    return text == nullptr ? "" : one_line(text);
}

Errc code_of_sqlstate(std::string_view state) {
    if (state.starts_with("28") || state == "42501") return Errc::denied;
    if (state == "58P01") return Errc::not_found;
    // In use; not locked, or not done, within the time that was given; cancelled by somebody.
    if (state == "55006" || state == "55P03" || state == "57014") return Errc::busy;
    if (state.starts_with("42") || state.starts_with("22") || state == "55000")
        return Errc::invalid;
    return Errc::io;
}

Error refusal(const PGresult* result) {
    std::vector<std::string> hints;
    for (const int field : {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT})
        if (auto text = field_of(result, field); !text.empty()) hints.push_back(std::move(text));
    const std::string state = field_of(result, PG_DIAG_SQLSTATE);
    std::string text = field_of(result, PG_DIAG_MESSAGE_PRIMARY);
    if (text.empty()) text = one_line(libpq().PQresultErrorMessage(result));
    return Error(code_of_sqlstate(state), fmt::format("the server: {}", text), std::move(hints));
}

}  // namespace

std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
        const bool blank = c == '\n' || c == '\t' || c == ' ';
        if (!blank)
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    while (line.ends_with(' ')) line.pop_back();
    return line;
}

std::string quoted_literal(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'') quoted += c;
        quoted += c;
    }
    return quoted += '\'';
}

void Connection::Clear::operator()(pg_result* result) const {
    libpq().PQclear(result);
}
void Connection::Free::operator()(char* memory) const {
    libpq().PQfreemem(memory);
}

Connection::Connection(const std::string& conninfo, std::stop_token stop, Kind kind)
    : stop_(std::move(stop)) {
    const bool replicates = kind == Kind::replication;
    const char* protocol = replicates ? "true" : kind == Kind::both ? "database" : "false";
    ConnectOptions options{{"fallback_application_name", "yore"},
                           {"replication", protocol},
                           {"client_encoding", "UTF8"}};
    const auto database = database_of(conninfo);
    if (!replicates && !database) options.emplace_back("dbname", "postgres");
    try {
        connection_ = connect(conninfo, options, stop_);
    } catch (const Error& error) {
        if (error.code() != Errc::io) throw;
        throw Error(Errc::io, error.what(),
                    {fmt::format("is the server running, and does pg_hba.conf let the user in for "
                                 "`{}`?",
                                 replicates ? "replication" : database.value_or("postgres"))});
    }
    libpq().PQsetNoticeReceiver(connection_.get(), &Connection::receive_message, this);
}

Connection::~Connection() = default;

void Connection::receive_message(void* self, const pg_result* result) {
    const auto& told = static_cast<Connection*>(self)->told_;
    if (told)
        told({field_of(result, PG_DIAG_SEVERITY_NONLOCALIZED),
              field_of(result, PG_DIAG_MESSAGE_PRIMARY)});
}

int Connection::server_version() const {
    return libpq().PQserverVersion(connection_.get());
}

std::string Connection::host() const {
    const char* host = libpq().PQhost(connection_.get());
    const char* port = libpq().PQport(connection_.get());
    return fmt::format("{}:{}", host == nullptr ? "" : host, port == nullptr ? "" : port);
}

std::string Connection::user() const {
    const char* user = libpq().PQuser(connection_.get());
    return user == nullptr ? "" : user;
}

Error Connection::broken(std::string_view doing) const {
    const std::string text = one_line(libpq().PQerrorMessage(connection_.get()));
    return Error(Errc::io, fmt::format("{}: {}", doing, text.empty() ? "failed" : text));
}

bool Connection::poll_readable(Time until) const {
    return wait_for_socket(libpq().PQsocket(connection_.get()), POLLIN, until, stop_);
}

void Connection::wait_readable() const {
    while (!poll_readable(Steady::now() + std::chrono::hours(1))) continue;
    if (libpq().PQconsumeInput(connection_.get()) == 0) throw broken("the connection broke");
}

bool Connection::read_until(Time until) {
    if (!poll_readable(until)) return false;
    if (libpq().PQconsumeInput(connection_.get()) == 0) throw broken("the connection broke");
    return true;
}

Connection::Result Connection::next_result() {
    while (libpq().PQisBusy(connection_.get()) != 0) wait_readable();
    Result result(libpq().PQgetResult(connection_.get()));
    if (result && libpq().PQresultStatus(result.get()) == PGRES_FATAL_ERROR)
        throw refusal(result.get());
    return result;
}

void Connection::send(const std::string& command) {
    if (libpq().PQsendQuery(connection_.get(), command.c_str()) == 0)
        throw broken("send a command");
}

std::vector<Connection::Row> Connection::rows_of(const pg_result* result) {
    std::vector<Row> rows(static_cast<std::size_t>(libpq().PQntuples(result)));
    for (int row = 0; row < libpq().PQntuples(result); ++row)
        for (int column = 0; column < libpq().PQnfields(result); ++column)
            rows[static_cast<std::size_t>(row)].push_back(
                libpq().PQgetisnull(result, row, column) != 0
                    ? std::nullopt
                    : std::optional<std::string>(libpq().PQgetvalue(result, row, column)));
    return rows;
}

std::vector<Connection::Row> Connection::next_rows() {
    const Result result = next_result();
    if (!result || libpq().PQresultStatus(result.get()) != PGRES_TUPLES_OK)
        throw Error(Errc::io, "the server gave another answer than the protocol says");
    return rows_of(result.get());
}

std::vector<Connection::Row> Connection::rows(const std::string& command) {
    send(command);
    auto rows = next_rows();
    finish();
    return rows;
}

std::optional<std::string> Connection::setting(const std::string& name) {
    send("SHOW " + name);
    bool unknown = false;
    std::vector<Row> rows;
    try {
        rows = next_rows();
    } catch (const Error& error) {
        if (error.code() != Errc::invalid) throw;
        unknown = true;
    }
    finish();
    if (unknown || rows.empty() || rows[0].empty()) return std::nullopt;
    return rows[0][0];
}

void Connection::expect_copy() {
    const Result result = next_result();
    if (!result || libpq().PQresultStatus(result.get()) != PGRES_COPY_OUT)
        throw Error(Errc::io, "the server gave another answer than the protocol says");
}

std::optional<ByteView> Connection::copy_data() {
    for (;;) {
        char* bytes = nullptr;
        const int size = libpq().PQgetCopyData(connection_.get(), &bytes, 1);
        copied_.reset(bytes);
        if (size > 0) return as_bytes(std::string_view(bytes, static_cast<std::size_t>(size)));
        if (size == -1) return std::nullopt;
        if (size < 0) throw broken("the copy broke");
        wait_readable();
    }
}

void Connection::expect_copy_both() {
    const Result result = next_result();
    if (!result || libpq().PQresultStatus(result.get()) != PGRES_COPY_BOTH)
        throw Error(Errc::io, "the server gave another answer than the protocol says");
}

Connection::Arrival Connection::next_arrival() {
    char* bytes = nullptr;
    const int size = libpq().PQgetCopyData(connection_.get(), &bytes, 1);
    copied_.reset(bytes);
    if (size == 0) return {};
    if (size == -1) return {Arrival::Kind::end};
    if (size < 0) throw broken("the copy broke");
    return {Arrival::Kind::message,
            as_bytes(std::string_view(bytes, static_cast<std::size_t>(size)))};
}

void Connection::put_copy_data(ByteView message) {
    const std::string_view text = as_text(message);
    if (libpq().PQputCopyData(connection_.get(), text.data(), static_cast<int>(text.size())) != 1 ||
        libpq().PQflush(connection_.get()) != 0)
        throw broken("send to the server");
}

std::vector<Connection::Row> Connection::end_copy() {
    Result result = next_result();
    if (result && libpq().PQresultStatus(result.get()) == PGRES_COPY_IN) {
        if (libpq().PQputCopyEnd(connection_.get(), nullptr) != 1 ||
            libpq().PQflush(connection_.get()) != 0)
            throw broken("send to the server");
        result = next_result();
    }
    auto rows = result && libpq().PQresultStatus(result.get()) == PGRES_TUPLES_OK
                    ? rows_of(result.get())
                    : std::vector<Row>();
    finish();
    return rows;
}

void Connection::finish(
    const std::function<bool(std::string_view sqlstate, const std::string& text)>& is_welcome) {
    for (;;) {
        while (libpq().PQisBusy(connection_.get()) != 0) wait_readable();
        const Result result(libpq().PQgetResult(connection_.get()));
        if (!result) return;
        if (libpq().PQresultStatus(result.get()) != PGRES_FATAL_ERROR) continue;
        if (is_welcome && is_welcome(field_of(result.get(), PG_DIAG_SQLSTATE),
                                     field_of(result.get(), PG_DIAG_MESSAGE_PRIMARY)))
            continue;
        throw refusal(result.get());
    }
}

void restrain(Connection& connection, std::string_view lock_timeout,
              std::string_view statement_timeout) {
    connection.rows(
        fmt::format("select pg_catalog.set_config('search_path', '', false), "
                    "pg_catalog.set_config('default_transaction_read_only', 'on', false), "
                    "pg_catalog.set_config('lock_timeout', {}, false), "
                    "pg_catalog.set_config('statement_timeout', {}, false)",
                    quoted_literal(lock_timeout), quoted_literal(statement_timeout)));
}

}  // namespace yore::ingest
