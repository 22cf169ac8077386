// SPDX-License-Identifier: Apache-2.0
/// The server's warnings during a base backup, as problems of the snapshot.
///
/// It verifies page checksums while it sends (src/backend/backup/basebackup.c): a reader of the
/// stream could not, since it cannot read a page again that was torn. Of a file it reports the
/// first five pages, and then how many there are. Texts in another language than English are kept
/// as they are, and count as one page each.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "ingest/postgresql/connection.h"

namespace yore::ingest {

/// One thread.
class PageWarnings {
  public:
    using Tell = std::function<void(std::string path, std::string text)>;
    explicit PageWarnings(Tell tell) : tell_(std::move(tell)) {}

    void take(const ServerMessage&);
    /// How many pages were found damaged.
    std::uint64_t pages() const;

  private:
    const Tell tell_;
    std::map<std::string, std::uint64_t> pages_;  ///< by the path of the file
};

}  // namespace yore::ingest
