// SPDX-License-Identifier: Apache-2.0
/// Whether a server can be backed up, and what its backups cannot do: findings from what it says of
/// itself and what is stored of it. Pure: who can ask gathers the facts.
#pragma once

#include <yore/base/time.h>
#include <yore/postgresql/lsn.h>
#include <yore/postgresql/segment_name.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::postgresql {

/// What a server tells a role. An absent fact is one that the role may not see, or that there was
/// no connection for.
struct ServerFacts {
    /// Why there is no replication connection, or no ordinary one, in the server's words.
    std::optional<std::string> replication_refusal, query_refusal;

    // Of whichever connection there is.
    std::string host;  ///< that answered
    int version = 0;   ///< as server_version_num: 150018
    std::string role;

    struct Identity {  ///< IDENTIFY_SYSTEM, of the replication connection
        std::uint64_t system_identifier = 0;
        Timeline timeline;
        Lsn flushed;  ///< the end of its log
    };
    std::optional<Identity> identity;

    /// Those that are seen of `checked_settings`, as SHOW tells them. What a version does not have
    /// is not in it either.
    std::map<std::string, std::string, std::less<>> settings;
    std::optional<bool> may_replicate;
    std::optional<bool> in_recovery;
    std::optional<std::uint64_t> wal_senders;  ///< of others than this check

    struct Slot {
        std::string name;
        bool active = false, temporary = false;
        std::uint64_t kept_bytes = 0;  ///< of log that it keeps the server from removing
        std::string wal_status;        ///< `reserved`, `extended`, `unreserved`, `lost`
    };
    std::optional<std::vector<Slot>> slots;

    struct Archiver {  ///< pg_stat_archiver
        std::uint64_t archived = 0, failed = 0;
        std::string last_failed;  ///< the file
        bool fails_now = false;   ///< what it tried last failed
    };
    std::optional<Archiver> archiver;

    struct Tablespace {
        std::string name, location;
    };
    std::optional<std::vector<Tablespace>> tablespaces;
    /// In the database that was asked.
    std::optional<std::vector<std::string>> extensions;        ///< `plpgsql 1.0`
    std::optional<std::vector<std::string>> stale_collations;  ///< `en_US 2.31, now 2.36`
    std::string locale;                                        ///< of that database, with version
};

/// What the repository has of the source.
struct StoredFacts {
    std::string source;
    Timestamp now;
    std::optional<std::uint64_t> system_identifier;
    struct Backup {  ///< the newest one
        std::string name;
        Timestamp ended;
        std::uint64_t damaged_pages = 0;
        std::string rolled_from;        ///< which was rolled forward to it; empty: a server sent it
        std::optional<Timestamp> sent;  ///< when the newest ended that a server sent
    };
    std::optional<Backup> backup;
    struct Log {  ///< on the newest timeline that is stored
        Timeline timeline;
        Lsn end;
        Timestamp last_time;
    };
    std::optional<Log> log;
    /// The last span of time in the log of which each commit can be opened.
    struct Window {
        Timeline timeline;
        Timestamp first, last;
        bool reaches_end = false;  ///< of the log
    };
    std::optional<Window> window;
    std::size_t windows = 0;             ///< how many there are in the log
    std::uint64_t slot_limit_bytes = 0;  ///< our slots are dropped above it; 0: never
};

struct Finding {
    enum class Level : std::uint8_t { ok, warning, problem };
    Level level = Level::ok;
    std::string_view check;  ///< what was looked at, one word
    std::string text;
    std::string hint;  ///< what to do; may be empty
};
std::string_view name_of(Finding::Level);  ///< `ok`, `warning`, `problem`

/// The settings that `judge` asks for.
const std::vector<std::string>& checked_settings();

/// What is found, always in the same order. A fact that is not seen is a warning that names the
/// grant; what makes backups impossible or wrong is a problem.
std::vector<Finding> judge(const ServerFacts&, const StoredFacts&);

}  // namespace yore::postgresql
