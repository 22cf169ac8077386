// SPDX-License-Identifier: Apache-2.0
/// What the system says of a file, without following links or waking automounts.
#pragma once

#include <yore/base/fd.h>
#include <yore/tree/entry.h>

#include <cstdint>
#include <string_view>

namespace yore::ingest {

struct FileStatus {
    tree::Attributes attributes;  ///< `file_system` is left at 0: its number is the walk's to give
    std::uint64_t device = 0;     ///< st_dev
    std::uint64_t size = 0;       ///< st_size, of any kind
    std::uint64_t blocks = 0;     ///< of 512 bytes
    bool no_dump = false;         ///< chattr +d

    bool same_file(const FileStatus& other) const {
        return device == other.device && attributes.inode == other.attributes.inode;
    }
    /// Whether its bytes and attributes are those that `before` tells of, as far as times show.
    bool unchanged_since(const FileStatus& before) const;
};

enum class Freshness {
    exact,  ///< a network file system is asked
    cached  ///< never waits for a server, so that a dead mount cannot hang us
};

// 0, or the errno.
int status_at(int directory, const char* name, FileStatus&, Freshness = Freshness::exact);
int status_of(int fd, FileStatus&, Freshness = Freshness::exact);

enum class OpenAs {
    directory,
    content,  ///< for reading; what is no regular file does not block
    place     ///< O_PATH: any kind, not its content
};
/// Opens a name in a directory, close-on-exec, not following it if it is a link, and without
/// touching access times where that is permitted. `error` is 0 or the errno.
Fd open_at(int directory, const char* name, OpenAs, int& error);
/// A directory at a path below another ("" is that itself), without following any link on the way.
Fd open_below(int directory, std::string_view path);

}  // namespace yore::ingest
