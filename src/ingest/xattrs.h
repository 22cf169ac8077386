// SPDX-License-Identifier: Apache-2.0
/// Extended attributes of a file, ACLs and capabilities among them, as the system lists them.
#pragma once

#include <yore/base/bytes.h>
#include <yore/tree/entry.h>

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace yore::ingest {

class XattrReader {
  public:
    static constexpr std::size_t inline_bytes_max = 4096;  ///< larger values are chunks
    using StoreChunk = std::function<ChunkId(ByteView)>;
    /// `what` is empty or a name; `error` an errno.
    using Failed = std::function<void(std::string_view what, int error)>;

    explicit XattrReader(StoreChunk);

    /// Sorted by name. One that goes away meanwhile is left out; one that cannot be read too, and
    /// `failed` is told.
    std::vector<tree::Xattr> read(int fd, const Failed& failed);
    /// The same of any kind of file, a symbolic link itself included, that is open as O_PATH.
    std::vector<tree::Xattr> read_place(int path_fd, const Failed& failed);

  private:
    using Get = std::function<ssize_t(const char* name, void* value, std::size_t size)>;
    std::vector<tree::Xattr> read_values(std::string_view names, const Get&, const Failed&);

    StoreChunk store_chunk_;
    std::vector<char> names_;
    Bytes value_;
};

}  // namespace yore::ingest
