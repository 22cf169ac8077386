// SPDX-License-Identifier: Apache-2.0
#include "mount/open_files.h"

#include <yore/base/error.h>

#include <algorithm>

#include "mount/decoders.h"

namespace yore::mount {
namespace {

constexpr std::uint64_t page_bytes = 4096;
/// A random READ of more is answered well enough by itself.
constexpr std::uint64_t small_read_max = 32u << 10;
/// How far around a random READ pages are worth their place in the page cache.
constexpr std::uint64_t surplus_bytes = 64u << 10;

std::uint64_t page_up(std::uint64_t offset) {
    return (offset + page_bytes - 1) / page_bytes * page_bytes;
}
std::uint64_t page_down(std::uint64_t offset) {
    return offset / page_bytes * page_bytes;
}

/// The bytes of [from, to) of a file, which lie in one extent with data.
ByteView bytes_in(const tree::PlacedExtent& placed, const Buffer& chunk, Range range) {
    const std::uint64_t begin = placed.extent.offset + (range.begin - placed.start);
    if (begin + (range.end - range.begin) > chunk.size())
        throw Error(Errc::corrupt, fmt::format("chunk {}: shorter than an extent in it",
                                               placed.extent.chunk->short_hex()));
    return chunk.view().subspan(begin, range.end - range.begin);
}

}  // namespace

OpenFile::OpenFile(const view::View& view, const store::ObjectCache& cache, const view::Node& node)
    : cache_(cache) {
    auto opened = view.open(node);
    if (auto* text = std::get_if<std::string>(&opened))
        content_ = std::make_shared<const std::string>(std::move(*text));
    else
        content_ = std::get<tree::ContentReader>(std::move(opened));
}

std::uint64_t OpenFile::size() const {
    if (const auto* content = stored()) return content->size();
    return std::get<Text>(content_)->size();
}

Reply OpenFile::read(Range range) const {
    Reply reply;
    if (range.begin >= range.end) return reply;
    const auto* content = stored();
    if (!content) {
        const Text& text = std::get<Text>(content_);
        reply.add(as_bytes(*text).subspan(range.begin, range.end - range.begin), text);
        return reply;
    }
    content->scan(range.begin, [&](const tree::PlacedExtent& placed) {
        const Range part{std::max(range.begin, placed.start), std::min(range.end, placed.end())};
        if (placed.extent.chunk) {
            auto chunk = cache_.chunk(*placed.extent.chunk);
            const ByteView bytes = bytes_in(placed, *chunk, part);
            reply.add(bytes, std::move(chunk));
        } else {
            reply.add_zeros(part.end - part.begin);
        }
        return part.end < range.end;
    });
    if (reply.size() != range.end - range.begin)
        throw Error(Errc::corrupt, "the extents end before the file does");
    reply.finish();
    return reply;
}

bool OpenFile::is_random(Range range, Decoders& decoders) {
    if (!stored() || range.begin >= range.end) return false;
    const auto advice = streams_.with([&](Streams& streams) { return streams.note(range); });
    if (advice.decode) decode_ahead(*advice.decode, decoders);
    return !advice.sequential && range.end - range.begin <= small_read_max;
}

void OpenFile::decode_ahead(Range range, Decoders& decoders) const {
    if (range.begin >= size()) return;
    stored()->scan(range.begin, [&](const tree::PlacedExtent& placed) {
        if (placed.extent.chunk) decoders.want(*placed.extent.chunk);
        return placed.end() < range.end;
    });
}

std::vector<Surplus> OpenFile::surplus_of(Range range) const {
    std::vector<Surplus> surplus;
    if (!stored() || range.begin >= range.end) return surplus;
    const auto placed = stored()->find(range.begin);
    if (!placed || !placed->extent.chunk) return surplus;
    const auto chunk = cache_.chunk_if_cached(*placed->extent.chunk);
    if (!chunk) return surplus;
    const std::uint64_t first =
        std::max(page_up(placed->start),
                 page_down(range.begin) - std::min(surplus_bytes, page_down(range.begin)));
    // The last page of a file is whole with what it has.
    const std::uint64_t end = placed->end() == size() ? size() : page_down(placed->end());
    const std::uint64_t last = std::min(end, page_up(range.end) + surplus_bytes);
    for (const Range part : {Range{first, page_down(range.begin)}, Range{page_up(range.end), last}})
        if (part.begin < part.end)
            surplus.push_back({part.begin, bytes_in(*placed, *chunk, part), chunk});
    return surplus;
}

std::optional<std::uint64_t> OpenFile::next_data(std::uint64_t offset) const {
    if (const auto* content = stored()) return content->next_data(offset);
    return offset < size() ? std::optional(offset) : std::nullopt;
}

std::optional<std::uint64_t> OpenFile::next_hole(std::uint64_t offset) const {
    if (const auto* content = stored()) return content->next_hole(offset);
    return offset < size() ? std::optional(size()) : std::nullopt;
}

std::shared_ptr<OpenFile> OpenFiles::get(NodeNumber number, const view::Node& node) {
    Guarded<Shard>& shard = shards_[(number >> 4) % shards_.size()];
    auto found = shard.with([&](Shard& files) -> std::shared_ptr<OpenFile> {
        const auto place = files.files.find(number);
        if (place == files.files.end()) return nullptr;
        files.order.splice(files.order.begin(), files.order, place->second);
        return place->second->second;
    });
    if (found) return found;
    auto made = std::make_shared<OpenFile>(view_, cache_, node);
    std::shared_ptr<OpenFile> oldest;  // freed without the lock
    return shard.with([&](Shard& files) {
        const auto [place, is_new] = files.files.try_emplace(number);
        if (!is_new) return place->second->second;
        files.order.emplace_front(number, made);
        place->second = files.order.begin();
        if (files.order.size() > files_max) {
            oldest = std::move(files.order.back().second);
            files.files.erase(files.order.back().first);
            files.order.pop_back();
        }
        return made;
    });
}

}  // namespace yore::mount
