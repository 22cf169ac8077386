// SPDX-License-Identifier: Apache-2.0
/// What a copy of a cluster must be told so that it recovers to one moment and neither touches nor
/// waits for the server that it was made of. Pure.
#pragma once

#include <yore/postgresql/lsn.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yore::postgresql {

struct RecoveryTarget {
    Timeline timeline;
    /// The start of the last record to apply, a commit's. None: as soon as the state is consistent.
    std::optional<Lsn> last_record = {};
    /// Without a `last_record`: all that `pg_wal` holds, as of a cluster that was shut down. (A
    /// server that finds no record to apply never comes to the end of a base backup.)
    bool whole_log = false;
};

/// A writable copy that runs beside the original, for a while.
struct CloneAddress {
    std::uint16_t port = 0;
    std::string socket_directory;
};

struct Setting {
    std::string name, value;
    std::string_view reason;
};

/// The closed list, in the order in which it must be written: PostgreSQL takes any target, even an
/// empty one, after another for a second one. Recovery reads the log from `pg_wal` alone.
/// A major version that is not known: Errc::unsupported (a setting that a version does not know
/// keeps it from starting).
std::vector<Setting> recovery_settings(int major_version, const RecoveryTarget&,
                                       const std::optional<CloneAddress>& clone = {});

/// The text of `postgresql.auto.conf` with a block of these settings at its end, where they win
/// over all files; a block from before goes.
std::string with_recovery_settings(std::string_view auto_conf, std::span<const Setting>);
/// Without the block. None, or one whose end is missing: the same text.
std::string without_recovery_settings(std::string_view auto_conf);

}  // namespace yore::postgresql
