// SPDX-License-Identifier: Apache-2.0
/// A connection to a PostgreSQL server by libpq, mostly one that speaks the replication protocol
/// (https://www.postgresql.org/docs/current/protocol-replication.html).
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/postgresql/connect.h"

struct pg_result;

namespace yore::ingest {

/// What libpq says: it ends its messages with a newline, and begins later lines with a tab.
std::string one_line(std::string_view text);
/// Quotes for a command of the protocol: `'it''s'`.
std::string quoted_literal(std::string_view text);

/// What the server says beside its answers: warnings, notices.
struct ServerMessage {
    std::string severity;  ///< `WARNING`
    std::string text;
};

/// One thread. Each call that waits for the server ends when it is stopped: Errc::cancelled. What
/// the server refuses: `denied` for want of a privilege, `not_found` for a file of its that is
/// gone, `busy` for what is in use, or takes longer than it may, else `invalid` or `io`, in its
/// words and with its hints. A connection that breaks: `io`;
/// then it is of no more use.
class Connection {
  public:
    enum class Kind {
        replication,  ///< speaks the replication protocol, of no database
        query,        ///< ordinary, to the database of `conninfo` or `postgres`
        both,         ///< speaks the replication protocol, and SQL to such a database
    };
    /// The first host of `conninfo` that answers.
    Connection(const std::string& conninfo, std::stop_token, Kind = Kind::replication);
    ~Connection();

    int server_version() const;  ///< as server_version_num: 150018
    std::string host() const;    ///< that answered, for messages
    std::string user() const;

    using Row = std::vector<std::optional<std::string>>;
    /// The rows of a command's first result that has any.
    std::vector<Row> rows(const std::string& command);
    /// SHOW. An unknown one: nullopt.
    std::optional<std::string> setting(const std::string& name);

    // A command with several answers, one after the other.
    void send(const std::string& command);
    std::vector<Row> next_rows();
    /// The next answer is a copy to us.
    void expect_copy();
    /// Its next message, until the next call; nullopt at its end.
    std::optional<ByteView> copy_data();

    // A copy in both directions.
    void expect_copy_both();
    struct Arrival {
        enum class Kind { message, nothing_yet, end } kind = Kind::nothing_yet;
        ByteView message = {};  ///< until the next call
    };
    /// Its next message, if that has been read from the network.
    Arrival next_arrival();
    /// Reads what comes until then, and returns once something did; nothing: false.
    bool read_until(std::chrono::steady_clock::time_point);
    void put_copy_data(ByteView);
    /// Ours, after the server's has ended. The rows that it answers then; none: none.
    std::vector<Row> end_copy();

    /// All answers that are left. A refusal is thrown, unless `is_welcome` takes its SQLSTATE.
    void finish(const std::function<bool(std::string_view sqlstate, const std::string& text)>&
                    is_welcome = {});

    /// Told as they come, by the thread that calls.
    void on_message(std::function<void(const ServerMessage&)> told) { told_ = std::move(told); }

  private:
    struct Clear {
        void operator()(pg_result*) const;
    };
    struct Free {
        void operator()(char*) const;
    };
    using Result = std::unique_ptr<pg_result, Clear>;

    static void receive_message(void* self, const pg_result*);
    static std::vector<Row> rows_of(const pg_result*);
    Result next_result();
    bool poll_readable(std::chrono::steady_clock::time_point until) const;
    void wait_readable() const;
    Error broken(std::string_view doing) const;

    const std::stop_token stop_;
    OpenConnection connection_;
    std::unique_ptr<char, Free> copied_;
    std::function<void(const ServerMessage&)> told_;
};

/// What is asked over it from now on changes nothing, calls nobody else's functions, and waits no
/// longer than this for locks and answers, as the server takes durations: `10s`.
void restrain(Connection&, std::string_view lock_timeout, std::string_view statement_timeout);

}  // namespace yore::ingest
