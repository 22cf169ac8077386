// SPDX-License-Identifier: Apache-2.0
/// What a server says of its log, and the log as it streams it.
///
/// Commands: "Streaming Replication Protocol" in PostgreSQL's documentation.
#pragma once

#include <yore/base/time.h>
#include <yore/postgresql/wal_reader.h>

#include <chrono>
#include <optional>
#include <string>

#include "ingest/postgresql/connection.h"
#include "ingest/postgresql/replication_messages.h"

namespace yore::ingest {

/// Where a stream of the log begins, or goes on.
struct LogPlace {
    postgresql::Timeline timeline;
    postgresql::Lsn at;
    bool operator==(const LogPlace&) const = default;
};
/// `0/3000060 on timeline 1`.
std::string to_text(const LogPlace&);

struct ServerLog {
    postgresql::WalStream format;  ///< of its log; on its timeline
    LogPlace end;                  ///< of what is durable there
};
/// Errors as Connection; a version that is not known: `unsupported`.
ServerLog ask_for_log(Connection&);
/// A history file. The timeline is not the first one.
std::string ask_for_history(Connection&, postgresql::Timeline);

/// The log as it comes. One at a time on a connection. Errors as Connection; the log from there on
/// is gone at the server: `not_found`. Without a slot, when that is empty: the server keeps nothing
/// for it.
class LogStream {
  public:
    LogStream(Connection&, const std::string& slot, const LogPlace& from);

    /// Takes in what has come, at most about `bytes_max`, and waits for something until then.
    /// Something that does not follow on what came before: `corrupt`.
    enum class State { open, ended };
    State gather(std::size_t bytes_max, std::chrono::steady_clock::time_point until);
    /// Since the last `take`; they begin at `position()` then.
    ByteView gathered() const { return gathered_; }
    /// They are durable.
    void take();
    postgresql::Lsn position() const { return position_; }  ///< all before it was taken

    postgresql::Lsn server_end() const { return server_end_; }
    std::optional<Timestamp> server_time() const { return server_time_; }  ///< of its last message
    bool wants_reply() const { return wants_reply_; }
    /// That all before `position()` is durable.
    void report(Timestamp now);
    /// After the end: where the log goes on. It does not, as the server shuts down: nullopt.
    std::optional<LogPlace> next_place();

  private:
    void take_in(ByteView message);

    Connection& connection_;
    const LogPlace from_;
    postgresql::Lsn position_, server_end_;
    std::optional<Timestamp> server_time_;
    Bytes gathered_;
    bool wants_reply_ = false;
};

}  // namespace yore::ingest
