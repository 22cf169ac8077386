// SPDX-License-Identifier: Apache-2.0
#include <yore/tree/content.h>

#include "tree/column.h"
#include "tree/levels.h"
#include "tree/numbering.h"

namespace yore::tree {
namespace {

/// Chunk ids are hashes already: each level takes eight other bytes. Holes never end a node.
std::uint64_t bound_hash(unsigned level, const std::optional<ChunkId>& chunk) {
    if (!chunk) return UINT64_MAX;
    std::uint64_t hash = 0;
    std::memcpy(&hash, chunk->bytes.data() + level % 4 * sizeof hash, sizeof hash);
    return hash;
}

struct WrittenList {
    NodeId id;
    std::uint64_t bytes = 0, hole_bytes = 0;
    std::optional<ChunkId> last_chunk;
};

/// Extents of one leaf.
class ListLeafBuilder {
  public:
    void add(const Extent& extent) {
        bytes_ += extent.length;
        if (!extent.chunk) hole_bytes_ += extent.length;
        extents_.push_back(extent);
    }
    std::uint32_t count() const { return static_cast<std::uint32_t>(extents_.size()); }
    std::vector<Extent> take() { return std::move(extents_); }

    WrittenList write(NodeWriter& writer) {
        std::vector<std::uint64_t> ends, offsets, numbers;
        Numbering<ChunkId, std::hash<ChunkId>> chunks;
        std::uint64_t end = 0;
        for (const Extent& extent : extents_) {
            ends.push_back(end += extent.length);
            offsets.push_back(extent.chunk ? extent.offset : 0);
            numbers.push_back(extent.chunk ? chunks.number_of(*extent.chunk) + 1 : 0);
        }
        std::vector<std::uint8_t> deltas;
        const fb::Column end_column = encode_column(ends, deltas);
        const fb::Column offset_column = encode_column(offsets, deltas);
        const fb::Column chunk_column = encode_column(numbers, deltas);
        const auto values = writer.vector(deltas.data(), deltas.size());
        const auto ids = writer.ids(chunks.items());
        const NodeId id = writer.put(
            fb::CreateContentLeaf(writer.buffer(), count(), if_any(end_column),
                                  if_any(offset_column), if_any(chunk_column), values, ids));
        WrittenList written{id, bytes_, hole_bytes_, extents_.back().chunk};
        *this = {};
        return written;
    }

  private:
    std::vector<Extent> extents_;
    std::uint64_t bytes_ = 0, hole_bytes_ = 0;
};

/// Children of one inner node.
class ListInnerBuilder {
  public:
    using Child = WrittenList;

    void add(const WrittenList& node) {
        bytes_ += node.bytes;
        hole_bytes_ += node.hole_bytes;
        last_chunk_ = node.last_chunk;
        only_child_ = node.id;
        children_.emplace_back(stored_id(node.id.view()), bytes_, node.hole_bytes);
    }
    std::uint32_t count() const { return static_cast<std::uint32_t>(children_.size()); }
    const std::optional<ChunkId>& last_chunk() const { return last_chunk_; }
    const NodeId& only_child() const { return only_child_; }

    WrittenList write(NodeWriter& writer, unsigned level) {
        const auto children = writer.structs(children_);
        const NodeId id = writer.put(
            fb::CreateContentInner(writer.buffer(), static_cast<std::uint8_t>(level), children));
        WrittenList written{id, bytes_, hole_bytes_, last_chunk_};
        *this = {};
        return written;
    }

  private:
    std::vector<fb::ContentChild> children_;
    std::uint64_t bytes_ = 0, hole_bytes_ = 0;
    std::optional<ChunkId> last_chunk_;
    NodeId only_child_;
};

struct InnerHash {
    std::uint64_t operator()(unsigned level, const ListInnerBuilder& inner) const {
        return bound_hash(level, inner.last_chunk());
    }
};

bool is_continued(const Extent& first, const Extent& second) {
    if (!first.chunk) return !second.chunk;
    return first.chunk == second.chunk && first.offset + first.length == second.offset;
}

}  // namespace

struct ContentBuilder::State {
    explicit State(store::NodeSink& sink) : writer(sink), levels(writer, {}) {}

    void add_whole(const Extent& extent) {
        leaf.add(extent);
        if (list_sizes.ends(leaf.count(), bound_hash(0, extent.chunk))) {
            levels.add_leaf(leaf.write(writer));
        }
    }
    NodeId write_rest() {
        if (leaf.count() > 0) levels.add_leaf(leaf.write(writer));
        return levels.finish();
    }

    NodeWriter writer;
    ListLeafBuilder leaf;
    Levels<ListInnerBuilder, InnerHash> levels;
    Extent last;  // may still grow
    std::uint64_t size = 0, hole_bytes = 0;
};

ContentBuilder::ContentBuilder(store::NodeSink& sink) : state_(std::make_unique<State>(sink)) {}
ContentBuilder::ContentBuilder(ContentBuilder&&) noexcept = default;
ContentBuilder::~ContentBuilder() = default;

std::uint64_t ContentBuilder::size() const {
    return state_->size;
}

void ContentBuilder::add(const Extent& extent) {
    if (extent.length == 0) return;
    YORE_ENSURE(!extent.chunk || (extent.offset < store::chunk_bytes_max &&
                                  extent.length <= store::chunk_bytes_max - extent.offset));
    YORE_ENSURE(extent.length <= file_bytes_max - state_->size);
    state_->size += extent.length;
    if (!extent.chunk) state_->hole_bytes += extent.length;
    Extent& last = state_->last;
    if (last.length > 0 && is_continued(last, extent)) {
        last.length += extent.length;
        return;
    }
    if (last.length > 0) state_->add_whole(last);
    last = extent;
    if (!last.chunk) last.offset = 0;
}

Content ContentBuilder::finish() {
    Content content;
    content.size = state_->size;
    content.hole_bytes = state_->hole_bytes;
    if (state_->last.length > 0) state_->add_whole(state_->last);
    if (state_->levels.empty() && state_->leaf.count() <= inline_extents_max) {
        content.extents = state_->leaf.take();
    } else {
        content.list = state_->write_rest();
    }
    return content;
}

}  // namespace yore::tree
