// SPDX-License-Identifier: Apache-2.0
/// A base backup as the server sends it: the BASE_BACKUP command of the replication protocol
/// (https://www.postgresql.org/docs/current/protocol-replication.html), versions 13 to 18.
///
/// One tar archive for each tablespace, that of the data directory last and with the WAL that it
/// needs, then the manifest. From version 15 on they come in one copy, as messages that begin with
/// a letter; before, each in a copy of its own.
#pragma once

#include <yore/ingest/postgresql.h>
#include <yore/postgresql/lsn.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ingest/postgresql/connection.h"

namespace yore::ingest {

inline constexpr int server_version_min = 130000, server_version_end = 190000;

/// One thread. Call in the order of the protocol: every archive to its end, then the manifest, then
/// `finish`.
class BaseBackup {
  public:
    /// Begins it: waits for the checkpoint.
    BaseBackup(Connection&, const BaseBackupOptions&);

    struct Position {
        postgresql::Lsn lsn;
        postgresql::Timeline timeline;
    };
    struct Tablespace {
        std::uint32_t oid = 0;    ///< 0: the data directory
        std::string location;     ///< absolute; of the data directory: empty
        std::uint64_t bytes = 0;  ///< estimated
    };
    Position start() const { return start_; }
    const std::vector<Tablespace>& tablespaces() const { return tablespaces_; }

    /// The next one's archive; after the last: nullopt.
    std::optional<Tablespace> next_archive();
    /// The next bytes of the archive; at its end, and at the end of the manifest: 0.
    std::size_t read(MutableBytes into);
    /// After the last archive. More than `bytes_max`: `corrupt`.
    std::string read_manifest(std::size_t bytes_max);
    /// Where it ends. `checksum_failures` is set when the server ends by an error about pages that
    /// are damaged at its disk.
    Position finish(bool& checksum_failures);

  private:
    enum class Next { archive, manifest, data, end };

    std::string command(const BaseBackupOptions&) const;
    bool has_messages() const { return connection_.server_version() >= 150000; }
    Next next_message();
    const Tablespace& tablespace_of(std::string_view archive) const;

    Connection& connection_;
    Position start_;
    std::vector<Tablespace> tablespaces_;
    std::size_t archives_begun_ = 0;
    ByteView data_;                ///< what is left of the last message
    std::optional<Next> waiting_;  ///< a message that ended what was read before it
    std::string archive_name_;     ///< of that
};

}  // namespace yore::ingest
