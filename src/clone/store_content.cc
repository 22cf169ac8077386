// SPDX-License-Identifier: Apache-2.0
#include "clone/store_content.h"

#include <yore/base/error.h>

#include <algorithm>

namespace yore::clone {
namespace {

/// In place of what a read sends.
class BytesSink final : public view::ReadSink {
  public:
    explicit BytesSink(std::size_t size) { bytes.reserve(size); }
    void add(ByteView part, std::shared_ptr<const void>) override {
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    void add_zeros(std::uint64_t count) override { bytes.resize(bytes.size() + count); }
    Bytes bytes;
};

Bytes read_range(const Contents& contents, const Inode& inode, std::uint64_t begin,
                 std::uint64_t end) {
    BytesSink sink(end - begin);
    contents.read(inode, begin, end - begin, sink);
    return std::move(sink.bytes);
}

bool is_zeros(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(),
                       [](std::byte byte) { return byte == std::byte{}; });
}

}  // namespace

ContentStorer::ContentStorer(const store::ObjectCache& cache, store::Writer& writer,
                             const store::Keys& keys, StoredTree& stored, KeptObjects& kept)
    : cache_(cache), writer_(writer), gear_(keys.gear), cdc_(gear_), stored_(stored), kept_(kept) {}

ChunkId ContentStorer::put(ByteView bytes, const store::ChunkHints& hints) {
    store::Prepared prepared = writer_.prepare_chunk(bytes, hints);
    const ChunkId id = prepared.chunk_id();
    stored_.bytes_read += bytes.size();
    if (prepared.is_new()) {
        stored_.bytes_new += bytes.size();
        stored_.bytes_stored += prepared.stored_bytes();
    }
    writer_.append(std::move(prepared));
    return id;
}

tree::Content ContentStorer::store(const Contents& contents, const Inode& inode,
                                   std::string_view name) {
    const bool is_below = inode.below && (!inode.row || !inode.row->has_data);
    const std::uint64_t size = contents.size(inode);
    if (is_below && size == inode.below->size() && (!inode.row || inode.row->lower_end == size)) {
        auto content = contents.below_content(inode);
        kept_.keep(content);
        return content;
    }
    File file{contents, inode, size, std::nullopt, name};
    tree::ContentBuilder builder(writer_);
    const std::uint64_t lower_end =
        inode.below ? std::min(size, inode.row ? inode.row->lower_end : size) : 0;
    for (std::uint64_t at = 0; at < size;) {
        const auto placed = at < lower_end ? inode.below->find(at) : std::nullopt;
        std::uint64_t end = placed ? std::min(placed->end(), lower_end) : size;
        if (placed && placed->extent.chunk)
            add_over(file, *placed, end, builder);
        else
            add_new(file, at, end, builder);
        at = end;
    }
    return builder.finish();
}

void ContentStorer::add_over(const File& file, const tree::PlacedExtent& placed, std::uint64_t end,
                             tree::ContentBuilder& builder) {
    if (!file.contents.is_changed(file.inode, placed.start, end)) {
        kept_.keep(*placed.extent.chunk);
        builder.add({end - placed.start, placed.extent.chunk, placed.extent.offset});
        return;
    }
    const Bytes bytes = read_range(file.contents, file.inode, placed.start, end);
    if (is_zeros(bytes)) {
        builder.add({bytes.size(), std::nullopt, 0});
        return;
    }
    store::ChunkHints hints;
    hints.base = [&] { return base_of(placed.extent); };
    builder.add({bytes.size(), put(bytes, hints), 0});
}

/// A base is never itself a delta, so a read opens two chunks at most.
std::optional<store::DeltaBase> ContentStorer::base_of(const tree::Extent& extent) const {
    const auto info = cache_.store().find(*extent.chunk);
    if (extent.offset != 0 || !info) return std::nullopt;
    const ChunkId base = info->base.value_or(*extent.chunk);
    return store::DeltaBase{base, cache_.chunk(base)};
}

void ContentStorer::add_new(File& file, std::uint64_t begin, std::uint64_t end,
                            tree::ContentBuilder& builder) {
    while (begin < end) {
        const std::uint64_t data =
            std::min(end, file.contents.next_data(file.inode, begin).value_or(file.size));
        if (data > begin) builder.add({data - begin, std::nullopt, 0});
        begin = data;
        if (begin == end) return;
        const std::uint64_t hole =
            std::min(end, file.contents.next_hole(file.inode, begin).value_or(file.size));
        const std::uint64_t most = cdc_.sizes().max;
        while (begin < hole) {
            const Bytes bytes =
                read_range(file.contents, file.inode, begin, std::min(hole, begin + most));
            const std::size_t length = cut(file, bytes);
            builder.add({length, put(ByteView(bytes).first(length), {}), 0});
            begin += length;
        }
    }
}

std::size_t ContentStorer::cut(File& file, ByteView data) const {
    if (!file.cutting)
        file.cutting = chunker::choose_cutting(
            {file.name, "", file.size, data.first(std::min<std::size_t>(data.size(), 4096))});
    switch (*file.cutting) {
        case chunker::Cutting::fixed:
            return std::min<std::size_t>(data.size(), chunker::fixed_block_bytes);
        case chunker::Cutting::log:
            return std::min<std::size_t>(data.size(), chunker::log_block_bytes);
        case chunker::Cutting::content_defined:
            break;
    }
    return cdc_.cut(data);
}

}  // namespace yore::clone
