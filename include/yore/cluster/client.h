// SPDX-License-Identifier: Apache-2.0
/// PostgreSQL's client programs (psql, pg_dump, pg_amcheck), run against a server of ours.
#pragma once

#include <yore/base/bytes.h>
#include <yore/cluster/server.h>

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace yore::cluster {

struct ClientCall {
    std::string program;             ///< its name
    std::vector<std::string> words;  ///< besides where the server is, and as whom
    /// Besides the few it gets. A database is to be named here, by PGDATABASE: as a word a name
    /// may be taken for a connection string, and lead elsewhere.
    std::vector<std::pair<std::string, std::string>> variables = {};
    std::function<void(ByteView)> output;  ///< what it prints, piece by piece
};
struct ClientEnd {
    int status = 0;          ///< above 128: ended by a signal, so many above
    std::string complaints;  ///< as one line; of more than fits in one the beginning
};
/// To its end, with nothing to read. Not installed: Errc::not_found. Stopped: it is ended, and
/// Errc::cancelled thrown. What `output` throws ends it, too.
ClientEnd run_client(const ServerAccess&, const ClientCall&, const std::stop_token&);

/// Rows of a query in a database: fields separated by tabs. It fails: Errc::io with what psql says.
std::vector<std::string> query_rows(const ServerAccess&, const std::string& database,
                                    const std::string& query, const std::stop_token&);

/// The role that initdb made: the one that can always do everything. Asked as one of `known` that
/// is there. None is: Errc::not_found, with a hint.
std::string find_superuser(const ServerAccess&, const std::vector<std::string>& known,
                           const std::stop_token&);

}  // namespace yore::cluster
