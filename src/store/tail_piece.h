// SPDX-License-Identifier: Apache-2.0
/// A stored piece of a log tail: the tag of the piece before it, then a seal of kind `tail`.
///
///     0   16  last 16 bytes of the stored piece before it; zeros: it began a tail
///     16      seal (seal.h)
///
/// The name under which it is sealed: 4 source, 4 incarnation, 8 position, all little-endian, and
/// those 16 bytes. So pieces form a chain: one that is missing between two, or comes from another
/// course of events, is seen by who reads the one behind it. The salt of a seal is drawn when a
/// tail is opened and again after 2^16 pieces, its counter grows with each piece: no nonce comes
/// twice under one key, whatever was lost of the tail meanwhile.
#pragma once

#include <yore/base/bytes.h>
#include <yore/store/tail.h>

#include <array>
#include <cstdint>

#include "store/codec.h"

namespace yore::store {

inline constexpr std::uint64_t pieces_per_salt = 1u << 16;

using PieceTag = std::array<std::byte, 16>;

/// Compressed when that saves at least 1/32.
Buffer seal_piece(const Codec&, const Sealer&, const TailKey&, const PieceTag& predecessor,
                  ByteView plain);

struct OpenedPiece {
    PieceTag predecessor{};
    PieceTag tag{};
    Buffer plain;
};
/// Damaged: `corrupt`, and the message names the piece.
OpenedPiece open_piece(const Codec&, const TailKey&, ByteView stored);

}  // namespace yore::store
