// SPDX-License-Identifier: Apache-2.0
/// The messages of a log that is streamed, both ways. Pure.
///
/// "Streaming Replication Protocol" in PostgreSQL's documentation (protocol-replication.html):
/// numbers are big-endian, times are microseconds since 2000-01-01.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/postgresql/lsn.h>

#include <optional>
#include <variant>

namespace yore::ingest {

/// `w`: a piece of the log.
struct LogPiece {
    postgresql::Lsn start;          ///< of its first byte
    postgresql::Lsn server_end;     ///< so far the server's log is durable there
    std::optional<Timestamp> sent;  ///< by the server's clock; none: not a time we can say
    ByteView bytes;
};
/// `k`: a sign of life.
struct Keepalive {
    postgresql::Lsn server_end;
    std::optional<Timestamp> sent;
    bool wants_reply = false;
};
using StreamMessage = std::variant<LogPiece, Keepalive>;

/// Views into `message`. Not such a message: Errc::io.
StreamMessage parse_stream_message(ByteView message);

/// `r`: all before `durable` is written, flushed and applied. With fewer promises, a commit under
/// `synchronous_commit = remote_apply` would wait for ever.
Bytes status_update(postgresql::Lsn durable, Timestamp now);

}  // namespace yore::ingest
