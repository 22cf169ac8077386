// SPDX-License-Identifier: Apache-2.0
/// Reads the files of a cluster that no server runs on, leaving out what a server leaves out of a
/// base backup too (src/backend/backup/basebackup.c: excludeFiles, excludeDirContents).
#pragma once

#include <yore/base/fd.h>
#include <yore/postgresql/control_file.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/listing.h"
#include "ingest/postgresql/base_backup.h"
#include "ingest/postgresql/tar_reader.h"

namespace yore::ingest {

/// One thread.
class ClusterDirectory {
  public:
    /// Whether a path below `root` is read; of a directory, whether it and what is in it is.
    using Wanted = std::function<bool(std::string_view path)>;
    ClusterDirectory(std::string root, Wanted wanted);

    /// The next directory, file or link of a tablespace, parents first. At the end: nullopt.
    /// What cannot be read is thrown.
    std::optional<TarEntry> next();
    /// Of the file: fills `into` but at its end. It has become shorter: Errc::busy.
    std::size_t read(MutableBytes into);

  private:
    struct Level {
        std::string path;
        Listing names;
        std::size_t next = 0;
    };
    std::string place_of(std::string_view path) const;
    void enter(const std::string& path);
    std::optional<TarEntry> look_at(const std::string& path);

    const std::string root_;
    const Wanted wanted_;
    Buffer names_;
    std::vector<Level> levels_;
    std::string path_;  ///< of the file
    Fd file_;
    std::uint64_t offset_ = 0, size_ = 0;
};

/// Of the files of a data directory those that belong into a base backup. `wal_wanted` says it of
/// the files in `pg_wal`, by their names.
bool belongs_into_backup(std::string_view path,
                         const std::function<bool(std::string_view name)>& wal_wanted);

/// The tablespaces that the links in `pg_tblspc` lead to. One that `tablespace_map` names without a
/// link: Errc::invalid.
std::vector<BaseBackup::Tablespace> linked_tablespaces(const std::string& data_directory);

/// The directory of this cluster's files in a tablespace.
std::string tablespace_version_directory(const postgresql::ControlFile&);

/// A server runs on it: Errc::busy.
void check_stopped(const std::string& data_directory);

}  // namespace yore::ingest
