// SPDX-License-Identifier: Apache-2.0
/// Asks a PostgreSQL server what postgresql/server_check.h judges.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/postgresql/server_check.h>

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

namespace yore::ingest {

/// Which cluster the source's log or its newest base backup is of. Neither is there: nullopt.
std::optional<std::uint64_t> system_identifier_of(const catalog::Catalog&, const catalog::Source&);

/// Through a replication connection and an ordinary one (to the database of the conninfo, or
/// `postgres`), which is read-only. What the server refuses is a fact; one that breaks off while it
/// is asked: Errc::io. Stopped: `cancelled`.
postgresql::ServerFacts ask_server(const std::string& conninfo, const std::stop_token&);

}  // namespace yore::ingest
