// SPDX-License-Identifier: Apache-2.0
/// Reads of files: extents to decoded chunks, answered from the cache; sequential readers have the
/// next chunks decoded ahead on all cores.
#pragma once

#include <yore/base/guarded.h>
#include <yore/store/object_cache.h>
#include <yore/tree/content.h>
#include <yore/view/view.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include <sys/uio.h>

#include "mount/inode_table.h"

namespace yore::mount {

class Decoders;

/// The pieces of one reply, and what keeps them in memory until it is sent.
struct Reply {
    std::vector<iovec> pieces;
    std::vector<std::shared_ptr<const void>> owners;
    /// For a small read of a larger chunk: where in the file the rest of the chunk lies.
    struct Rest {
        std::uint64_t start = 0;
        ByteView bytes;
        std::shared_ptr<const Buffer> owner;
    };
    std::optional<Rest> rest;
};

/// One file that is being read. The kernel opens nothing with us, so these are made by reads and
/// forgotten by age. Any thread.
class OpenFile {
  public:
    OpenFile(const store::ObjectCache&, std::variant<tree::ContentReader, std::string>);

    /// At most `bytes` from `offset`; fewer only at the end. Throws what the store throws.
    Reply read(std::uint64_t offset, std::size_t bytes, Decoders&);
    std::optional<std::uint64_t> next_data(std::uint64_t offset) const;
    std::optional<std::uint64_t> next_hole(std::uint64_t offset) const;

  private:
    void read_stored(std::uint64_t offset, std::uint64_t end, Reply&) const;
    void decode_ahead(std::uint64_t offset, std::uint64_t end, Decoders&);

    const store::ObjectCache& cache_;
    std::variant<tree::ContentReader, std::shared_ptr<const std::string>> content_;
    struct Stream {
        std::uint64_t expected = 0;    ///< where a sequential reader reads next, about
        std::uint64_t decoded_to = 0;  ///< asked of the decoders up to here
        std::uint64_t window = 0;      ///< how far ahead
    };
    Guarded<Stream> stream_;
};

/// Open files by node number, the least recently read go first. Any thread.
class OpenFiles {
  public:
    OpenFiles(const view::View& view, const store::ObjectCache& cache)
        : view_(view), cache_(cache) {}
    std::shared_ptr<OpenFile> get(NodeNumber, const view::Node&);
    void drop(NodeNumber);

  private:
    static constexpr std::size_t files_max = 64;  ///< in each shard
    using Order = std::list<std::pair<NodeNumber, std::shared_ptr<OpenFile>>>;
    struct Shard {
        Order order;  ///< newest first
        std::unordered_map<NodeNumber, Order::iterator> files;
    };
    const view::View& view_;
    const store::ObjectCache& cache_;
    std::array<Guarded<Shard>, 16> shards_;
};

}  // namespace yore::mount
