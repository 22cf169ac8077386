// SPDX-License-Identifier: Apache-2.0
//
// Sealed bytes are made in the one buffer in which they travel to the pack: the compressor writes
// behind the header's place and the cipher runs in place; raw bytes go through the cipher straight
// from the caller's memory. On the way back the cipher runs in place in the buffer that was read.
#include "store/codec.h"

#include <yore/base/error.h>

#include <algorithm>

#include "store/log_records.h"
#include "store/page_delta.h"

namespace yore::store {
namespace {

/// What a frame may take to be worth opening.
std::size_t compressed_bytes_max(std::size_t plain_bytes) {
    return plain_bytes - plain_bytes / 32;
}

Buffer room_for(std::size_t plain_bytes) {
    return Buffer(seal_overhead_bytes + plain_bytes);
}

MutableBytes body_of(Buffer& buffer, std::size_t size) {
    return buffer.span().subspan(seal_header_bytes, size);
}

void seal_in_place(const Sealer& sealer, const SealName& name, Compression compression,
                   std::size_t plain_bytes, std::size_t body_bytes, Buffer& buffer) {
    buffer.resize_within(body_bytes + seal_overhead_bytes);
    sealer.seal(name, {compression, static_cast<std::uint32_t>(plain_bytes)},
                body_of(buffer, body_bytes), buffer.span());
}

}  // namespace

Buffer Codec::pack(const Sealer& sealer, const SealName& name, ByteView plain,
                   Effort effort) const {
    Buffer buffer = room_for(plain.size());
    auto room = body_of(buffer, compressed_bytes_max(plain.size()));
    const bool stays = name.kind == SealKind::chunk;  // a piece of a tail does for seconds only
    if (effort.content == Content::log && stays) {
        if (auto size = pack_log(compressor_, plain, effort, room)) {
            seal_in_place(sealer, name, Compression::log, plain.size(), *size, buffer);
            return buffer;
        }
    }
    if (auto size = compressor_.compress(plain, effort, room)) {
        seal_in_place(sealer, name, Compression::zstd, plain.size(), *size, buffer);
    } else {
        sealer.seal(name, {Compression::raw, static_cast<std::uint32_t>(plain.size())}, plain,
                    buffer.span());
    }
    return buffer;
}

Codec::Delta Codec::pack_delta(const Sealer& sealer, const SealName& name, ByteView plain,
                               const Base& base, Effort effort) const {
    Buffer buffer = room_for(plain.size());
    auto size = make_delta(compressor_, plain, base.plain, body_of(buffer, plain.size() / 2));
    if (!size) return {};
    Delta result;
    if (*size > base.stored_bytes / 4) {
        SealName whole_name{name.kind, name.id};
        result.whole = pack(sealer, whole_name, plain, effort);
        if (*size > (result.whole->size() - seal_overhead_bytes) / 2) return result;
    }
    seal_in_place(sealer, name, Compression::delta, plain.size(), *size, buffer);
    result.delta = std::move(buffer);
    return result;
}

Buffer Codec::unpack(MutableBytes sealed, const SealName& name, ByteView base,
                     std::size_t plain_bytes_max) const {
    SealHeader header = parse_seal(sealed, keys_, name.kind, plain_bytes_max);
    if ((header.compression == Compression::delta) != !name.base.empty()) {
        throw Error(Errc::corrupt, "its header and the index disagree on whether it is a delta");
    }
    const std::size_t body_bytes = sealed.size() - seal_overhead_bytes;
    if (header.compression == Compression::raw && body_bytes != header.plain_bytes) {
        throw Error(Errc::corrupt, "its length is not what its header says");
    }
    Buffer plain(header.plain_bytes);
    if (header.compression == Compression::raw) {
        open_seal(sealed, header, keys_, name, plain.span());
        return plain;
    }
    MutableBytes body = sealed.subspan(seal_header_bytes, body_bytes);
    open_seal(sealed, header, keys_, name, body);
    if (!decompress(header.compression, body, base, plain.span()))
        throw Error(Errc::corrupt, "it does not decompress to what its header says");
    return plain;
}

bool Codec::decompress(Compression compression, ByteView body, ByteView base,
                       MutableBytes plain) const {
    if (compression == Compression::delta) return apply_delta(compressor_, body, base, plain);
    if (compression == Compression::log) return unpack_log(compressor_, body, plain);
    return compressor_.decompress(body, {}, plain);
}

}  // namespace yore::store
