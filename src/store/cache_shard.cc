// SPDX-License-Identifier: Apache-2.0
#include "store/cache_shard.h"

#include <algorithm>
#include <iterator>

namespace yore::store {
namespace {

/// List node, map node, control block, allocator's headers.
constexpr std::uint64_t entry_overhead_bytes = 256;
/// Asked for again before so many others came in: still the same use.
constexpr std::uint64_t same_use_insertions = 8;

}  // namespace

std::uint64_t CacheShard::cost(const Entry& entry) {
    return entry.found.bytes->capacity() + entry_overhead_bytes;
}

std::uint64_t CacheShard::bytes() const {
    std::uint64_t sum = 0;
    for (const Run& run : segments_) sum += run.bytes;
    return sum;
}

CacheShard::Found CacheShard::find(const CacheKey& key) {
    auto place = places_.find(key);
    if (place == places_.end()) return {};
    touch(place->second);
    return place->second->found;
}

void CacheShard::touch(Place entry) {
    const bool used_again = insertions_ - entry->came_in >= same_use_insertions;
    if (entry->segment != Segment::probation) {
        move(entry, entry->segment);
    } else if (used_again) {
        move(entry, Segment::protection);
        // The rest of the chunks' share stays for what is new.
        const std::uint64_t protected_max =
            (bytes_max_ - std::min(segment(Segment::nodes).bytes, bytes_max_ / 2)) / 4 * 3;
        Run& run = segment(Segment::protection);
        while (run.bytes > protected_max && run.entries.size() > 1) {
            move(std::prev(run.entries.end()), Segment::probation);
        }
    }
}

/// To the front of a segment, be it the same one.
void CacheShard::move(Place entry, Segment to) {
    Run& from = segment(entry->segment);
    Run& target = segment(to);
    from.bytes -= cost(*entry);
    target.bytes += cost(*entry);
    target.entries.splice(target.entries.begin(), from.entries, entry);
    entry->segment = to;
    entry->came_in = insertions_;
}

void CacheShard::insert(const CacheKey& key, const Found& found,
                        std::vector<CachedBytes>& evicted) {
    if (found.bytes->capacity() + entry_overhead_bytes > bytes_max_ || places_.contains(key)) {
        return;
    }
    const Segment start = key.domain == Domain::node ? Segment::nodes : Segment::probation;
    Run& run = segment(start);
    run.entries.push_front({key, found, start, ++insertions_});
    run.bytes += cost(run.entries.front());
    places_.emplace(key, run.entries.begin());
    shrink(evicted);
}

void CacheShard::remember_check(const CacheKey& key, NodeCheck check) {
    auto place = places_.find(key);
    if (place != places_.end()) place->second->found.check = check;
}

CacheShard::Segment CacheShard::next_victim() const {
    const Run& nodes = segment(Segment::nodes);
    const Run& probation = segment(Segment::probation);
    const bool chunks = !probation.entries.empty() || segment(Segment::protection).bytes > 0;
    // A run of one may be what just came in: it shall not evict itself.
    if (!chunks || (nodes.bytes > bytes_max_ / 2 && nodes.entries.size() > 1)) {
        return Segment::nodes;
    }
    const bool spare = probation.entries.size() <= 1 && segment(Segment::protection).bytes > 0;
    return spare ? Segment::protection : Segment::probation;
}

void CacheShard::shrink(std::vector<CachedBytes>& evicted) {
    while (bytes() > bytes_max_) {
        Run& run = segment(next_victim());
        Entry& last = run.entries.back();
        run.bytes -= cost(last);
        evicted.push_back(std::move(last.found.bytes));
        places_.erase(last.key);
        run.entries.pop_back();
    }
}

}  // namespace yore::store
