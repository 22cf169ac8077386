// SPDX-License-Identifier: Apache-2.0
/// Files that are being read. The kernel opens nothing with us, so these are made by reads, and
/// forgotten by age. Replies come straight from decoded chunks.
#pragma once

#include <yore/base/guarded.h>
#include <yore/store/object_cache.h>
#include <yore/tree/content.h>
#include <yore/view/view.h>

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

#include "mount/inode_table.h"
#include "mount/reply.h"
#include "mount/streams.h"

namespace yore::mount {

class Decoders;

/// Any thread.
class OpenFile {
  public:
    OpenFile(const view::View&, const store::ObjectCache&, const view::Node&);

    std::uint64_t size() const;
    /// The bytes of `range`, which ends at the file's end at most. Throws what the store throws.
    Reply read(Range range) const;
    /// Call for each READ, before it is answered: has what follows decoded if a reader will want
    /// it. A small READ that continues none is random: true.
    bool is_random(Range range, Decoders&);
    /// Besides `range`, the pages near it that are decoded with it.
    std::vector<Surplus> surplus_of(Range range) const;

    std::optional<std::uint64_t> next_data(std::uint64_t offset) const;
    std::optional<std::uint64_t> next_hole(std::uint64_t offset) const;

  private:
    using Text = std::shared_ptr<const std::string>;
    const tree::ContentReader* stored() const {
        return std::get_if<tree::ContentReader>(&content_);
    }
    void decode_ahead(Range, Decoders&) const;

    const store::ObjectCache& cache_;
    std::variant<Text, tree::ContentReader> content_;
    Guarded<Streams> streams_;
};

/// By node number; the least recently read go first. Any thread.
class OpenFiles {
  public:
    OpenFiles(const view::View& view, const store::ObjectCache& cache)
        : view_(view), cache_(cache) {}
    std::shared_ptr<OpenFile> get(NodeNumber, const view::Node&);

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
