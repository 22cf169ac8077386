// SPDX-License-Identifier: Apache-2.0
/// Reads a tar archive from front to back, as PostgreSQL sends one for each tablespace.
///
/// POSIX ustar (IEEE Std 1003.1, "pax", "ustar Interchange Format"), besides sizes in base 256 as
/// GNU tar has them: PostgreSQL's src/port/tar.c writes these where 11 octal digits do not suffice.
/// Names never take more than one header there. Anything else is `corrupt`.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>
#include <yore/base/time.h>
#include <yore/tree/entry.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace yore::ingest {

struct TarEntry {
    /// Normal: no leading or trailing slash, no empty part, `.` or `..`.
    std::string path = {};
    tree::FileKind kind = tree::FileKind::regular;  ///< or a directory, or a symlink
    std::uint32_t permissions = 0, uid = 0, gid = 0;
    std::uint64_t size = 0;  ///< regular files
    Timestamp modified = {};
    std::string target = {};  ///< symlinks
};

/// One thread.
class TarReader {
  public:
    /// Gives the next bytes of the archive; 0 at its end.
    using Source = std::function<std::size_t(MutableBytes)>;
    /// `archive`: its name, for messages.
    TarReader(std::string archive, Source source);

    /// The next entry; what was not read of the one before is passed over. At the end: nullopt,
    /// when everything was read.
    std::optional<TarEntry> next();
    /// Of a regular file: fills `into` but at the file's end.
    std::size_t read(MutableBytes into);

  private:
    std::size_t fill(MutableBytes into);
    void skip(std::uint64_t bytes);
    Error damaged(std::string_view what) const;

    const std::string archive_;
    const Source source_;
    std::string path_;           ///< of the entry that is read
    std::uint64_t left_ = 0;     ///< of its bytes
    std::uint32_t padding_ = 0;  ///< behind them
};

}  // namespace yore::ingest
