// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/slots.h"

#include <yore/base/log.h>
#include <yore/ingest/postgresql.h>

#include <algorithm>
#include <chrono>

#include <fmt/ranges.h>
#include <xxhash.h>

#include "ingest/postgresql/conninfo.h"
#include "ingest/sleep.h"

namespace yore::ingest {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::string_view no_such_object = "42704", object_exists = "42710";
constexpr int read_slot_since = 150000;
constexpr std::uint64_t limit_min = 16u << 20;

/// By one that has not noticed yet that its source is removed, or a connection that ends.
constexpr std::chrono::seconds in_use_for{10};
constexpr Duration in_use_look{200'000'000};

bool fits_slot(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// To the microsecond: no two servers have the same, by whatever name they are reached.
std::string start_of_server(const std::string& conninfo, const std::stop_token& stop) {
    Connection connection(conninfo, stop, Connection::Kind::query);
    const auto rows = connection.rows(
        "select to_char(pg_postmaster_start_time() at time zone 'utc', 'YYYYMMDDHH24MISSUS')");
    return rows.at(0).at(0).value_or("");
}

/// `failed`: what has been tried before.
void drop_at_each(const std::vector<std::string>& hosts, const catalog::Source& source,
                  const std::stop_token& stop, std::vector<std::string> failed = {}) {
    for (const std::string& host : hosts) {
        try {
            Connection connection(host, stop);
            drop_slot_soon(connection, replication_slot_name(source.name), stop);
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            failed.push_back(error.what());
        }
    }
    if (!failed.empty()) throw Error(Errc::io, fmt::format("{}", fmt::join(failed, "; ")));
}

}  // namespace

void check_slot_limit(std::uint64_t bytes) {
    if (bytes == 0 || bytes >= limit_min) return;
    throw Error(Errc::invalid, fmt::format("a slot limit of {} bytes", bytes),
                {"at least 16M, which is one segment of the log; 0: no limit"});
}

std::string replication_slot_name(std::string_view source) {
    constexpr std::size_t bytes_max = 63, mark_bytes = 9;
    std::string name = "yore_";
    const bool fits =
        std::ranges::all_of(source, fits_slot) && name.size() + source.size() <= bytes_max;
    for (const char c : source) {
        const bool upper = c >= 'A' && c <= 'Z';
        const char lower = upper ? static_cast<char>(c - 'A' + 'a') : c;
        name += fits_slot(lower) ? lower : '_';
    }
    if (fits) return name;
    name.resize(std::min(name.size(), bytes_max - mark_bytes));
    const auto mark = static_cast<std::uint32_t>(XXH3_64bits(source.data(), source.size()));
    return name + fmt::format("_{:08x}", mark);
}

bool make_slot(Connection& connection, const std::string& name) {
    connection.send(fmt::format("CREATE_REPLICATION_SLOT \"{}\" PHYSICAL RESERVE_WAL", name));
    bool is_new = true;
    connection.finish([&](std::string_view state, const std::string&) {
        is_new = state != object_exists;
        return !is_new;
    });
    return is_new;
}

bool drop_slot(Connection& connection, const std::string& name) {
    connection.send(fmt::format("DROP_REPLICATION_SLOT \"{}\"", name));
    bool was_there = true;
    connection.finish([&](std::string_view state, const std::string&) {
        was_there = state != no_such_object;
        return !was_there;
    });
    return was_there;
}

bool drop_slot_soon(Connection& connection, const std::string& name, const std::stop_token& stop) {
    const auto patience = Steady::now() + in_use_for;
    for (;;) {
        try {
            return drop_slot(connection, name);
        } catch (const Error& error) {
            if (error.code() != Errc::busy || Steady::now() > patience) throw;
        }
        connection.finish();
        sleep_for(in_use_look, stop);
    }
}

void drop_replication_slot(const catalog::Source& source, const std::stop_token& stop) {
    drop_at_each(conninfo_of_each_host(source.postgresql.conninfo), source, stop);
}

void drop_replication_slot_of_left_hosts(const catalog::Source& source, const std::string& conninfo,
                                         const std::stop_token& stop) {
    auto left = conninfo_of_each_left_host(source.postgresql.conninfo, conninfo);
    if (left.empty()) return;
    std::vector<std::string> staying;
    for (const std::string& host : conninfo_of_each_host(conninfo))
        staying.push_back(start_of_server(host, stop));
    std::vector<std::string> failed;
    std::erase_if(left, [&](const std::string& host) {
        try {
            return std::ranges::count(staying, start_of_server(host, stop)) > 0;
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            failed.push_back(error.what());
            return true;
        }
    });
    drop_at_each(left, source, stop, std::move(failed));
}

std::optional<postgresql::Lsn> slot_position(Connection& connection, const std::string& name) {
    if (connection.server_version() < read_slot_since) return std::nullopt;
    const auto rows = connection.rows(fmt::format("READ_REPLICATION_SLOT \"{}\"", name));
    if (rows.empty() || rows[0].size() < 2 || !rows[0][1]) return std::nullopt;
    return postgresql::parse_lsn(*rows[0][1]);
}

void tell_dropped_slot(const catalog::Source& source, const ClusterFollowOptions& options,
                       const std::string& host, std::uint64_t kept_bytes) {
    log_error(
        "source {}: the slot {} at {} was dropped: it kept {} bytes of log there, and the limit is "
        "{}; until the log is received within it, what the server removes is lost",
        source.name, replication_slot_name(source.name), host, kept_bytes,
        source.postgresql.pinned_bytes_max);
    if (options.slot_dropped) options.slot_dropped();
}

}  // namespace yore::ingest
