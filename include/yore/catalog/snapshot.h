// SPDX-License-Identifier: Apache-2.0
/// The record of a snapshot, and how snapshots are named.
#pragma once

#include <yore/base/time.h>
#include <yore/format/ids.h>
#include <yore/format/log_position.h>

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::catalog {

/// Sorts as the snapshots do: two in one second, or after a clock that was set back, have the same
/// second and the next ordinal (after the last ordinal, the next second and 1).
struct SnapshotName {
    static constexpr std::uint32_t ordinal_max = 9999;
    std::int64_t second = 0;    ///< since 1970
    std::uint32_t ordinal = 1;  ///< from 1
    auto operator<=>(const SnapshotName&) const = default;
    /// `2026-11-21T02-00-00Z`, then `2026-11-21T02-00-00Z-0002`: four digits, so that texts sort
    /// too.
    std::string text() const;
    /// Just what `text` gives; anything else: nullopt.
    static std::optional<SnapshotName> parse(std::string_view);
    /// The name of a snapshot that starts at `now`, after `newest` if there is one.
    static SnapshotName after(std::optional<SnapshotName> newest, Timestamp now);
};

enum class Outcome : std::uint8_t { complete = 1, partial = 2 };

struct SnapshotCounts {
    std::uint64_t files = 0, directories = 0, others = 0;
    std::uint64_t bytes = 0;            ///< sum of the sizes of regular files
    std::uint64_t bytes_read = 0;       ///< read from the source in this run
    std::uint64_t bytes_new = 0;        ///< plain bytes that were not stored before
    std::uint64_t bytes_stored = 0;     ///< what they take, sealed
    std::uint64_t files_unchanged = 0;  ///< taken over without reading
    std::uint64_t problems = 0;
};
/// A path that could not be kept as it was. The record holds the first `problems_max`, each path
/// cut at `problem_path_bytes_max`.
struct Problem {
    std::string path;
    std::string text;  ///< `changed while it was read`, `permission denied`, …
};
inline constexpr std::size_t problems_max = 1000;
inline constexpr std::size_t problem_path_bytes_max = 4096;

/// Where a snapshot stands in its source's log.
struct SnapshotLog {
    std::uint32_t incarnation = 0;
    LogPosition start;       ///< the log is needed from here on to bring the tree forward
    LogPosition consistent;  ///< with the log from `start` up to here the tree is a state
    auto operator<=>(const SnapshotLog&) const = default;
};

/// What a server needs of its machine to run on a backup, as far as the one that it was taken of
/// could be asked. Sorted, each once.
struct ServerNeeds {
    std::vector<std::string> libraries;   ///< as settings and functions name them: `$libdir/ltree`
    std::vector<std::string> collations;  ///< with the version in use: `libc de_DE.UTF-8 2.36`
    bool operator==(const ServerNeeds&) const = default;
};

/// What the base backup of a PostgreSQL cluster tells of it.
struct BaseBackup {
    std::uint64_t system_identifier = 0;
    std::uint32_t server_version = 0;  ///< as server_version_num: 150018 is 15.18
    std::uint32_t timeline = 0;
    LogPosition start, stop;  ///< LSNs: with the WAL from `start` to `stop` it is a state
    bool from_standby = false;
    std::uint64_t damaged_pages = 0;  ///< found by the server while it sent them
    ServerNeeds needs = {};
    /// The base backup that was recovered to this one; none: a server sent it. It may be gone.
    std::optional<SnapshotName> rolled_from = {};
    bool operator==(const BaseBackup&) const = default;
};

struct Snapshot {
    SnapshotId id;
    std::uint32_t source = 0;
    SnapshotName name;
    Timestamp started, ended;        ///< by the clock of then, as it was
    std::optional<SnapshotLog> log;  ///< when it was taken beside a log
    NodeId root;  ///< a directory node whose one entry, `root`, is the source's directory
    std::string host;
    std::string path;  ///< what was read, as given
    std::map<std::string, std::string> tags;
    Outcome outcome = Outcome::complete;
    SnapshotCounts counts;
    std::vector<Problem> problems;
    std::optional<BaseBackup> base_backup;  ///< of PostgreSQL clusters
};

}  // namespace yore::catalog
