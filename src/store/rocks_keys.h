// SPDX-License-Identifier: Apache-2.0
/// Keys of the column families: locations and commit numbers, eight bytes big-endian, so that they
/// sort as numbers do. In `inline`, which holds both domains, the domain's byte goes before. In
/// `tails`: source and incarnation, four bytes each, and the position, all big-endian.
#pragma once

#include <yore/base/bytes.h>
#include <yore/format/ids.h>
#include <yore/store/backend.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "store/rocks_options.h"

namespace yore::store {

/// Where the sealed index of a pack lies among its items.
inline constexpr std::uint32_t pack_index_item = Location::items_max - 1;

using NumberKey = std::array<std::byte, 8>;
NumberKey number_key(std::uint64_t);
/// Not eight bytes: nullopt.
std::optional<std::uint64_t> parse_number_key(ByteView);

inline NumberKey item_key(Location location) {
    return number_key(location.value);
}
using InlineKey = std::array<std::byte, 9>;
InlineKey inline_key(Domain, Location);

using TailRowKey = std::array<std::byte, 16>;
TailRowKey tail_row_key(const TailKey&);
/// Not 16 bytes: nullopt.
std::optional<TailKey> parse_tail_key(ByteView);

Family family_of(Domain);
Family family_of(Table);
/// For messages: `chunk at pack 7 item 3`, `commit 12`, `row 01ab of the table index`.
std::string describe_key(Family, ByteView key);

}  // namespace yore::store
