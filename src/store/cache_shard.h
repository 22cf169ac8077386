// SPDX-License-Identifier: Apache-2.0
/// What is kept of decoded objects, and what goes first. One thread at a time: the caller locks.
///
/// Nodes are evicted in the order of their last use, and only while they hold more than half of the
/// budget or no chunk is left. Chunks start on probation. One that is asked for again after others
/// came in is protected; a file that is read once passes through probation, although each of its
/// chunks is asked for several times in a row, and flushes nothing.
#pragma once

#include <yore/format/ids.h>
#include <yore/format/tables.h>
#include <yore/store/object_cache.h>

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

namespace yore::store {

struct CacheKey {
    Domain domain;
    format::ObjectId id;
    bool operator==(const CacheKey&) const = default;
};
struct CacheKeyHash {
    std::size_t operator()(const CacheKey& key) const noexcept {
        std::size_t value = 0;
        std::memcpy(&value, key.id.data() + 8, sizeof value);
        return value ^ static_cast<std::size_t>(key.domain);
    }
};
using CachedBytes = std::shared_ptr<const Buffer>;

class CacheShard {
  public:
    explicit CacheShard(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

    /// With the check that the bytes passed.
    struct Found {
        CachedBytes bytes;  ///< null: not here
        NodeCheck check = nullptr;
    };
    Found find(const CacheKey&);
    /// Already there, or too large to be kept: nothing happens. What had to go is added to
    /// `evicted`, for the caller to free without the lock.
    void insert(const CacheKey&, const Found&, std::vector<CachedBytes>& evicted);
    void remember_check(const CacheKey&, NodeCheck);
    std::uint64_t bytes() const;

  private:
    enum class Segment : std::uint8_t { nodes, probation, protection };
    struct Entry {
        CacheKey key;
        Found found;
        Segment segment;
        std::uint64_t came_in;  ///< `insertions_` when it came into its segment
    };
    /// Most recently used first.
    struct Run {
        std::list<Entry> entries;
        std::uint64_t bytes = 0;
    };
    using Place = std::list<Entry>::iterator;

    static std::uint64_t cost(const Entry&);
    Run& segment(Segment which) { return segments_[static_cast<std::size_t>(which)]; }
    const Run& segment(Segment which) const { return segments_[static_cast<std::size_t>(which)]; }
    void touch(Place);
    void move(Place, Segment to);
    void shrink(std::vector<CachedBytes>& evicted);
    Segment next_victim() const;

    std::uint64_t bytes_max_;
    std::uint64_t insertions_ = 0;
    std::array<Run, 3> segments_;
    std::unordered_map<CacheKey, Place, CacheKeyHash> places_;
};

}  // namespace yore::store
