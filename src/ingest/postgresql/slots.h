// SPDX-License-Identifier: Apache-2.0
/// Physical replication slots: what they keep of a server's log, and their end.
#pragma once

#include <yore/catalog/source.h>
#include <yore/ingest/postgresql_follow.h>
#include <yore/postgresql/lsn.h>

#include <optional>
#include <stop_token>
#include <string>

#include "ingest/postgresql/connection.h"

namespace yore::ingest {

/// A slot that keeps the log from the last checkpoint on. There already: false.
bool make_slot(Connection&, const std::string& name);
/// Not there: false. Somebody uses it: Errc::busy.
bool drop_slot(Connection&, const std::string& name);
/// The same; gives who uses it ten seconds to end.
bool drop_slot_soon(Connection&, const std::string& name, const std::stop_token&);
/// From where on it keeps the log. The server cannot say, or it keeps nothing: nullopt.
std::optional<postgresql::Lsn> slot_position(Connection&, const std::string& name);

/// Logs that a slot of the source was dropped, and tells who counts it.
void tell_dropped_slot(const catalog::Source&, const ClusterFollowOptions&, const std::string& host,
                       std::uint64_t kept_bytes);

}  // namespace yore::ingest
