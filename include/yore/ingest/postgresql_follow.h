// SPDX-License-Identifier: Apache-2.0
/// Follows a PostgreSQL cluster: receives its log as a standby does, so that what has committed
/// there is durable here, too.
#pragma once

#include <yore/base/error.h>
#include <yore/ingest/follow.h>
#include <yore/store/object_cache.h>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace yore::ingest {

struct ClusterFollowOptions {
    /// The newest commits become moments that late at most; what is durable is so at once.
    Duration moments_interval = seconds(2);
    /// The server is told so often what is durable here, besides whenever it is more.
    Duration report_interval = seconds(10);
    /// Once a second, or ten times while something pends; its `lag` is the longest since then.
    std::function<void(const Followed&)> progress = {};
    /// It failed, and is tried again after this.
    std::function<void(const Error&, Duration)> interrupted = {};
    /// What the slots keep is looked at so often, besides where the log comes from.
    Duration slot_interval = seconds(5);
    /// A slot kept more than PostgresqlOptions::pinned_bytes_max, and is dropped. From any thread.
    std::function<void()> slot_dropped = {};
    /// The log has made a tablespace that no base backup has: until one has it, no server starts on
    /// a copy of a moment. Once when it is received, and once when following begins.
    std::function<void()> tablespace_created = {};
};

/// Until it is stopped; then all that has arrived is durable, and its commits are moments. A slot
/// (`replication_slot_name`) keeps the log at the server meanwhile and afterwards. What breaks the
/// connection is tried again; the log goes on where the stored one ends, or, where that is gone at
/// the server, at what it still has. What is more than a slot may keep (`pinned_bytes_max`) is
/// received without one, until half of that is left. Another cluster than before, a server that
/// refuses: `invalid` or `denied`; another log than is stored: `exists`; the source is removed:
/// `not_found`.
Followed follow_postgresql(catalog::Catalog&, const store::ObjectCache&, const catalog::Source&,
                           const ClusterFollowOptions&, const Clock&, std::stop_token);

/// While nobody follows: as long as the result lives, or until it is stopped, no slot of the source
/// keeps more than it may (`pinned_bytes_max`). `dropped` as ClusterFollowOptions::slot_dropped.
/// The catalog outlives it.
std::shared_ptr<void> watch_slots(const catalog::Catalog&, const catalog::Source&,
                                  std::function<void()> dropped, const std::stop_token&);

/// 1, 2, 4 … 30 seconds after so many failures in a row, at least one.
Duration reconnect_delay(unsigned failures);

/// `yore_` and the source's name, as a slot may be named: [a-z0-9_], at most 63 of them. What had
/// to be changed for that leaves a mark of the name's hash, so that no two sources share one.
std::string replication_slot_name(std::string_view source);
/// At all hosts of the source. Not there: nothing. One cannot be reached, or refuses, or somebody
/// goes on using it there for ten seconds: Errc::io, once all were tried.
void drop_replication_slot(const catalog::Source&, const std::stop_token&);
/// The same at the hosts that the source names and `conninfo` does not. One that is the same server
/// as one of `conninfo` keeps its slot; all do while one of `conninfo` does not answer: Errc::io.
void drop_replication_slot_of_left_hosts(const catalog::Source&, const std::string& conninfo,
                                         const std::stop_token&);

}  // namespace yore::ingest
