// SPDX-License-Identifier: Apache-2.0
/// Rows of the local tables `index` and `packs`. Not sealed: ids are keyed hashes, and what a row
/// points to says itself what it is. A row ends with the lower half of XXH3-64 over its key and
/// all before, so that damage is noticed before it misleads.
///
///     index   key    1 domain  32 object id
///             value  1 version = 1   1 flags: 1 has a base   8 location   4 plain bytes
///                    4 stored bytes   [32 base id]   4 check
///     packs   key    8 pack number, big-endian
///             value  1 version = 1   1 domain   1 state   1 flags: 1 inline   16 pack id   4 items
///                    8 plain bytes   8 stored bytes   8 reachable since commit
///                    8 condemned by commit, or 0   4 check
#pragma once

#include <yore/base/bytes.h>
#include <yore/format/ids.h>

#include <array>
#include <cstdint>
#include <optional>

namespace yore::format {

using ObjectId = std::array<std::byte, 32>;

struct IndexRow {
    Location location;
    std::uint32_t plain_bytes = 0;
    std::uint32_t stored_bytes = 0;
    std::optional<ChunkId> base = {};
    bool operator==(const IndexRow&) const = default;
};
Bytes index_key(Domain, const ObjectId&);
/// Not a key of this table: nullopt.
struct IndexKey {
    Domain domain;
    ObjectId id;
};
std::optional<IndexKey> parse_index_key(ByteView);
Bytes encode_index_row(ByteView key, const IndexRow&);
/// Damaged: `corrupt`.
IndexRow decode_index_row(ByteView key, ByteView value);

enum class PackState : std::uint8_t {
    live = 1,
    condemned = 2,  ///< nobody builds on it any more
    dropped = 3,    ///< in no index row, in no sum; its space is yet to be given back
};
struct PackRow {
    PackId id;
    Domain domain = Domain::chunk;
    PackState state = PackState::live;
    bool is_inline = false;  ///< its items came in a commit, there is no file of its own
    std::uint32_t items = 0;
    std::uint64_t plain_bytes = 0, stored_bytes = 0;  ///< sums over its items
    CommitNumber reachable_since;
    CommitNumber condemned_by = {};
    bool operator==(const PackRow&) const = default;
};
Bytes pack_key(std::uint64_t pack_number);
std::optional<std::uint64_t> parse_pack_key(ByteView);
Bytes encode_pack_row(ByteView key, const PackRow&);
PackRow decode_pack_row(ByteView key, ByteView value);

}  // namespace yore::format
