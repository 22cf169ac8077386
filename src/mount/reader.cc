// SPDX-License-Identifier: Apache-2.0
#include "mount/reader.h"

#include <yore/base/error.h>

#include <algorithm>

#include "mount/decoders.h"

namespace yore::mount {
namespace {

constexpr std::uint64_t window_min = 1u << 20, window_max = 8u << 20;
/// The kernel sends the reads of its read-ahead at once; they may arrive in any order.
constexpr std::uint64_t disorder_max = 2u << 20;
constexpr std::size_t zeros_bytes = 1u << 20;

const std::byte* zeros() {
    static const std::byte page[zeros_bytes] = {};
    return page;
}

void add_zeros(Reply& reply, std::uint64_t bytes) {
    while (bytes > 0) {
        const std::size_t part = std::min<std::uint64_t>(bytes, zeros_bytes);
        reply.pieces.push_back({const_cast<std::byte*>(zeros()), part});
        bytes -= part;
    }
}

std::uint64_t size_of(
    const std::variant<tree::ContentReader, std::shared_ptr<const std::string>>& content) {
    if (const auto* text = std::get_if<std::shared_ptr<const std::string>>(&content))
        return (*text)->size();
    return std::get<tree::ContentReader>(content).size();
}

}  // namespace

OpenFile::OpenFile(const store::ObjectCache& cache,
                   std::variant<tree::ContentReader, std::string> content)
    : cache_(cache), content_(std::shared_ptr<const std::string>()) {
    if (auto* text = std::get_if<std::string>(&content))
        content_ = std::make_shared<const std::string>(std::move(*text));
    else
        content_ = std::get<tree::ContentReader>(std::move(content));
}

Reply OpenFile::read(std::uint64_t offset, std::size_t bytes, Decoders& decoders) {
    Reply reply;
    const std::uint64_t size = size_of(content_);
    if (offset >= size) return reply;
    const std::uint64_t end = std::min<std::uint64_t>(size, offset + bytes);
    if (const auto* text = std::get_if<std::shared_ptr<const std::string>>(&content_)) {
        reply.pieces.push_back({const_cast<char*>((*text)->data()) + offset, end - offset});
        reply.owners.push_back(*text);
        return reply;
    }
    decode_ahead(offset, end, decoders);
    read_stored(offset, end, reply);
    return reply;
}

void OpenFile::read_stored(std::uint64_t offset, std::uint64_t end, Reply& reply) const {
    std::uint64_t at = offset;
    std::get<tree::ContentReader>(content_).scan(offset, [&](const tree::PlacedExtent& placed) {
        const tree::Extent& extent = placed.extent;
        const std::uint64_t to = std::min(end, placed.start + extent.length);
        if (!extent.chunk) {
            add_zeros(reply, to - at);
        } else {
            const auto chunk = cache_.chunk(*extent.chunk);
            const std::uint64_t begin = extent.offset + (at - placed.start);
            if (begin + (to - at) > chunk->size())
                throw Error(Errc::corrupt,
                            fmt::format("chunk {}: shorter than its extent", extent.chunk->hex()));
            reply.pieces.push_back({const_cast<std::byte*>(chunk->data()) + begin, to - at});
            if (reply.pieces.size() == 1 && end - offset < extent.length)
                reply.rest = {.start = placed.start,
                              .bytes = chunk->view().subspan(extent.offset, extent.length),
                              .owner = chunk};
            reply.owners.push_back(chunk);
        }
        at = to;
        return at < end;
    });
    if (at < end) throw Error(Errc::corrupt, "the extents end before the file");
}

void OpenFile::decode_ahead(std::uint64_t offset, std::uint64_t end, Decoders& decoders) {
    const auto [from, to] = stream_.with([&](Stream& stream) {
        const bool sequential = offset + disorder_max >= stream.expected &&
                                offset <= stream.expected + disorder_max && end > offset;
        if (!sequential) {
            stream = {.expected = end, .decoded_to = end, .window = 0};
            return std::pair(end, end);
        }
        stream.expected = std::max(stream.expected, end);
        stream.window = std::clamp(stream.window * 2, window_min, window_max);
        const std::uint64_t begin = std::max(stream.decoded_to, end);
        const std::uint64_t wanted = end + stream.window;
        if (begin + window_min / 2 > wanted) return std::pair(end, end);
        stream.decoded_to = wanted;
        return std::pair(begin, wanted);
    });
    if (from >= to) return;
    const auto& content = std::get<tree::ContentReader>(content_);
    if (from >= content.size()) return;
    content.scan(from, [&](const tree::PlacedExtent& placed) {
        if (placed.extent.chunk) decoders.want(*placed.extent.chunk);
        return placed.start + placed.extent.length < to;
    });
}

std::optional<std::uint64_t> OpenFile::next_data(std::uint64_t offset) const {
    if (const auto* content = std::get_if<tree::ContentReader>(&content_))
        return content->next_data(offset);
    return offset < size_of(content_) ? std::optional(offset) : std::nullopt;
}

std::optional<std::uint64_t> OpenFile::next_hole(std::uint64_t offset) const {
    if (const auto* content = std::get_if<tree::ContentReader>(&content_))
        return content->next_hole(offset);
    const std::uint64_t size = size_of(content_);
    return offset < size ? std::optional(size) : std::nullopt;
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
    auto made = std::make_shared<OpenFile>(cache_, view_.open(node));
    return shard.with([&](Shard& files) {
        const auto place = files.files.find(number);
        if (place != files.files.end()) return place->second->second;
        files.order.emplace_front(number, made);
        files.files[number] = files.order.begin();
        if (files.order.size() > files_max) {
            files.files.erase(files.order.back().first);
            files.order.pop_back();
        }
        return made;
    });
}

void OpenFiles::drop(NodeNumber number) {
    shards_[(number >> 4) % shards_.size()].with([&](Shard& files) {
        const auto place = files.files.find(number);
        if (place == files.files.end()) return;
        files.order.erase(place->second);
        files.files.erase(place);
    });
}

}  // namespace yore::mount
