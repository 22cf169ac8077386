// SPDX-License-Identifier: Apache-2.0
#include <yore/tree/content.h>

#include <algorithm>

#include "tree/content_list.h"
#include "tree/partition.h"

namespace yore::tree {
namespace {

enum class Wanted { data, hole };

/// The first wanted byte at or after `from` (relative to the leaf).
std::optional<std::uint64_t> next_in(const ListLeaf& leaf, std::uint64_t from, Wanted wanted) {
    for (std::uint32_t place = leaf.place_of(from); place < leaf.count(); ++place) {
        if (leaf.is_hole(place) == (wanted == Wanted::hole)) {
            return std::max(from, leaf.start(place));
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> next_in(const store::ObjectCache& cache, const ListNode& node,
                                     std::uint64_t from, Wanted wanted) {
    if (node.leaf) return next_in(*node.leaf, from, wanted);
    const ListInner& inner = *node.inner;
    for (std::uint32_t place = inner.place_of(from); place < inner.count(); ++place) {
        const std::uint64_t start = inner.start(place);
        const std::uint64_t holes = inner.hole_bytes(place);
        if (wanted == Wanted::hole ? holes == 0 : holes == inner.end(place) - start) continue;
        const auto found = next_in(cache, ListNode::load_child(cache, inner, place),
                                   from > start ? from - start : 0, wanted);
        if (found) return start + *found;
    }
    return std::nullopt;
}

}  // namespace

struct ContentReader::State {
    State(const store::ObjectCache& object_cache, Content&& file)
        : cache(object_cache), content(std::move(file)) {
        std::uint64_t end = 0;
        for (const Extent& extent : content.extents) ends.push_back(end += extent.length);
        YORE_ENSURE(content.list || end == content.size);
    }

    ListNode top() const {
        ListNode node = ListNode::load(cache, *content.list);
        if (node.bytes() != content.size) {
            throw damaged_node(*content.list, "a list that is not as long as its file");
        }
        return node;
    }
    /// Visits the extents of one leaf (or the inline ones) from the one that covers `offset`, which
    /// is before the end. Returns where to go on; nullopt when `visit` had enough.
    std::optional<std::uint64_t> scan_leaf(
        std::uint64_t offset, const std::function<bool(const PlacedExtent&)>& visit) const;
    std::optional<std::uint64_t> scan_inline(
        std::uint64_t offset, const std::function<bool(const PlacedExtent&)>& visit) const;
    std::optional<std::uint64_t> next(std::uint64_t offset, Wanted wanted) const;
    void copy(const PlacedExtent&, std::uint64_t offset, MutableBytes into) const;

    const store::ObjectCache& cache;
    Content content;
    std::vector<std::uint64_t> ends;  // of the inline extents
};

std::optional<std::uint64_t> ContentReader::State::scan_inline(
    std::uint64_t offset, const std::function<bool(const PlacedExtent&)>& visit) const {
    const auto count = static_cast<std::uint32_t>(ends.size());
    std::uint32_t place =
        partition_place(count, [&](std::uint32_t at) { return ends[at] <= offset; });
    for (; place < count; ++place) {
        const Extent& extent = content.extents[place];
        if (!visit({ends[place] - extent.length, extent})) return std::nullopt;
    }
    return content.size;
}

std::optional<std::uint64_t> ContentReader::State::scan_leaf(
    std::uint64_t offset, const std::function<bool(const PlacedExtent&)>& visit) const {
    if (!content.list) return scan_inline(offset, visit);
    std::uint64_t start = 0;
    ListNode node = top();
    while (node.inner) {
        const std::uint32_t place = node.inner->place_of(offset - start);
        const std::uint64_t below = node.inner->start(place);
        node = ListNode::load_child(cache, *node.inner, place);
        start += below;
    }
    const ListLeaf& leaf = *node.leaf;
    for (std::uint32_t place = leaf.place_of(offset - start); place < leaf.count(); ++place) {
        if (!visit({start + leaf.start(place), leaf.extent(place)})) return std::nullopt;
    }
    return start + leaf.bytes();
}

std::optional<std::uint64_t> ContentReader::State::next(std::uint64_t offset, Wanted wanted) const {
    if (content.list) return next_in(cache, top(), offset, wanted);
    std::optional<std::uint64_t> found;
    scan_inline(offset, [&](const PlacedExtent& placed) {
        if (placed.extent.chunk.has_value() == (wanted == Wanted::hole)) return true;
        found = std::max(offset, placed.start);
        return false;
    });
    return found;
}

/// `into` lies within the extent.
void ContentReader::State::copy(const PlacedExtent& placed, std::uint64_t offset,
                                MutableBytes into) const {
    const Extent& extent = placed.extent;
    if (!extent.chunk) {
        std::memset(into.data(), 0, into.size());
        return;
    }
    const std::shared_ptr<const Buffer> chunk = cache.chunk(*extent.chunk);
    if (extent.offset + extent.length > chunk->size()) {
        throw Error(Errc::corrupt, fmt::format("chunk {}: shorter than an extent in it",
                                               extent.chunk->short_hex()));
    }
    std::memcpy(into.data(), chunk->data() + extent.offset + (offset - placed.start), into.size());
}

ContentReader::ContentReader(const store::ObjectCache& cache, Content content)
    : state_(std::make_shared<const State>(cache, std::move(content))) {}

std::uint64_t ContentReader::size() const {
    return state_->content.size;
}

std::uint64_t ContentReader::hole_bytes() const {
    return state_->content.hole_bytes;
}

std::optional<PlacedExtent> ContentReader::find(std::uint64_t offset) const {
    std::optional<PlacedExtent> found;
    scan(offset, [&](const PlacedExtent& placed) {
        found = placed;
        return false;
    });
    return found;
}

void ContentReader::scan(std::uint64_t offset,
                         const std::function<bool(const PlacedExtent&)>& visit) const {
    for (std::optional<std::uint64_t> next = offset; next && *next < size();) {
        next = state_->scan_leaf(*next, visit);
    }
}

std::size_t ContentReader::read(std::uint64_t offset, MutableBytes into) const {
    if (offset >= size()) return 0;
    into = into.first(std::min<std::uint64_t>(into.size(), size() - offset));
    std::size_t done = 0;
    if (into.empty()) return 0;
    scan(offset, [&](const PlacedExtent& placed) {
        const std::uint64_t at = offset + done;
        const std::size_t length = std::min<std::uint64_t>(placed.end() - at, into.size() - done);
        state_->copy(placed, at, into.subspan(done, length));
        done += length;
        return done < into.size();
    });
    return done;
}

std::optional<std::uint64_t> ContentReader::next_data(std::uint64_t offset) const {
    if (offset >= size()) return std::nullopt;
    return state_->next(offset, Wanted::data);
}

std::optional<std::uint64_t> ContentReader::next_hole(std::uint64_t offset) const {
    if (offset >= size()) return std::nullopt;
    return state_->next(offset, Wanted::hole).value_or(size());
}

}  // namespace yore::tree
