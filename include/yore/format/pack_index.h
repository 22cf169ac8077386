// SPDX-License-Identifier: Apache-2.0
/// What a pack holds, in its own words: the last thing in each pack, sealed under the pack's id.
/// The `index` table can be rebuilt from these.
///
///     1 version = 1   1 domain   16 pack id   4 items
///     then each item: 32 object id   4 stored bytes   4 plain bytes   1 flags: 1 has a base
///                     [32 base id]
#pragma once

#include <yore/base/bytes.h>
#include <yore/format/ids.h>
#include <yore/format/tables.h>

#include <optional>
#include <vector>

namespace yore::format {

/// Keeps an index below 20 MiB and, like it, what a Writer holds of an open pack.
inline constexpr std::uint32_t pack_items_max = 1u << 18;
inline constexpr std::size_t pack_index_bytes_max = 24u << 20;

struct PackItem {
    ObjectId id{};
    std::uint32_t stored_bytes = 0;
    std::uint32_t plain_bytes = 0;
    std::optional<ChunkId> base = {};
    bool operator==(const PackItem&) const = default;
};
struct PackIndex {
    PackId pack;
    Domain domain = Domain::chunk;
    std::vector<PackItem> items;  ///< in the order of their places
    bool operator==(const PackIndex&) const = default;
};
Bytes encode_pack_index(const PackIndex&);
/// Damaged, or of another pack: `corrupt`.
PackIndex decode_pack_index(ByteView, const PackId&, Domain);

}  // namespace yore::format
