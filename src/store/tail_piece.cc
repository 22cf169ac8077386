// SPDX-License-Identifier: Apache-2.0
#include "store/tail_piece.h"

#include <yore/base/error.h>
#include <yore/format/wire.h>

#include <algorithm>

namespace yore::store {
namespace {

/// Searches as a log is best searched, at the speed of a commit that somebody waits for.
constexpr Effort piece_effort{1, Content::log};

Bytes name_under(const TailKey& key, ByteView predecessor) {
    return format::Encoder(16 + predecessor.size())
        .put(key.tail.source)
        .put(key.tail.incarnation)
        .put(key.position)
        .bytes(predecessor)
        .take();
}

PieceTag tag_from(ByteView bytes) {
    PieceTag tag;
    std::ranges::copy(bytes.first(tag.size()), tag.begin());
    return tag;
}

}  // namespace

Buffer seal_piece(const Codec& codec, const Sealer& sealer, const TailKey& key,
                  const PieceTag& predecessor, ByteView plain) {
    const Bytes name = name_under(key, predecessor);
    const Buffer sealed = codec.pack(sealer, {SealKind::tail, name}, plain, piece_effort);
    Buffer stored(predecessor.size() + sealed.size());
    std::ranges::copy(predecessor, stored.data());
    std::memcpy(stored.data() + predecessor.size(), sealed.data(), sealed.size());
    return stored;
}

OpenedPiece open_piece(const Codec& codec, const TailKey& key, ByteView stored) {
    return doing(
        [&] { return name_of(key); },
        [&] {
            if (stored.size() < sizeof(PieceTag) + seal_overhead_bytes)
                throw Error(Errc::corrupt, "it is cut short");
            OpenedPiece piece;
            piece.predecessor = tag_from(stored);
            piece.tag = tag_from(stored.last(sizeof(PieceTag)));
            const Bytes name = name_under(key, piece.predecessor);
            Bytes sealed = to_bytes(stored.subspan(sizeof(PieceTag)));
            piece.plain = codec.unpack(sealed, {SealKind::tail, name}, {}, tail_piece_bytes_max);
            if (piece.plain.empty()) throw Error(Errc::corrupt, "it is empty");
            return piece;
        });
}

}  // namespace yore::store
