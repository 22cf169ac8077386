// SPDX-License-Identifier: Apache-2.0
/// The records of a source and of what is held of it.
#pragma once

#include <yore/base/time.h>
#include <yore/catalog/snapshot.h>
#include <yore/format/retention_policy.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::catalog {

/// 1 to 100 of [A-Za-z0-9._-], not starting with `.` or `-`, and none of the names that the mount
/// itself uses (`at`, `README.txt`). Otherwise Errc::invalid.
void check_source_name(std::string_view name);
/// The same of a clone's name, but for the names that the mount uses.
void check_clone_name(std::string_view name);

enum class SourceKind : std::uint8_t { directory = 1, stream = 2, postgresql = 3 };
std::string_view name_of(SourceKind);  ///< `directory`, `stream`, `postgresql`

struct DirectoryOptions {
    std::string path;  ///< absolute
    bool one_file_system = false;
    bool ignore_cache_dirs = true;  ///< CACHEDIR.TAG
    bool ignore_nodump = true;
    std::vector<std::string> excludes;  ///< gitignore-like patterns, in order
};

struct PostgresqlOptions {
    /// As libpq takes it; several hosts: the primary and its standbys. Holds no password.
    std::string conninfo;
    /// Absolute: where its files of settings are, if not in its data directory; else empty.
    std::string config_directory = {};
    /// Of the log that a slot of ours may keep at a server; beyond it the slot is dropped, and the
    /// gap recorded, rather than that server's disk filled. 0: no limit.
    std::uint64_t pinned_bytes_max = 0;
};

/// How level 3 of a verify checks a moment of a source.
struct SourceCheck {
    std::string command = {};                 ///< of a shell, run in a clone; empty: none
    std::optional<Duration> time_limit = {};  ///< more than 0
    std::string user = {};                    ///< who runs it; empty: who runs Yore
    std::string sql = {};                     ///< of a cluster: statements; empty: none
    bool operator==(const SourceCheck&) const = default;
};

struct Source {
    std::uint32_t id = 0;  ///< given by the catalog, never used again
    std::string name;
    SourceKind kind = SourceKind::directory;
    Timestamp created;
    DirectoryOptions directory;         ///< when kind is directory
    PostgresqlOptions postgresql = {};  ///< when kind is postgresql
    RetentionPolicy retention = {};
    std::optional<Timestamp> removed = {};  ///< nothing feeds it since; its snapshots are kept
    SourceCheck check = {};
};

/// Protects a snapshot, or what all moments from `from` to `to` need, from pruning.
struct Hold {
    std::uint32_t number = 0;  ///< given by the catalog, never used again
    std::uint32_t source = 0;
    Timestamp created = {};
    std::string reason = {};
    std::optional<SnapshotName> snapshot = {};
    Timestamp from = {}, to = {};         ///< both included; without a snapshot
    std::optional<Timestamp> until = {};  ///< absent: until it is released
    std::string clone = {};               ///< which clone needs it; empty: none
    bool in_force(Timestamp now) const { return !until || now < *until; }
    bool operator==(const Hold&) const = default;
};

}  // namespace yore::catalog
