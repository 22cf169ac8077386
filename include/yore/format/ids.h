// SPDX-License-Identifier: Apache-2.0
/// The names of stored things. Each is its own type: a ChunkId never passes for a NodeId.
#pragma once

#include <yore/base/bytes.h>

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace yore {

template <typename Tag, std::size_t Size>
struct FixedId {
    static constexpr std::size_t size = Size;
    std::array<std::byte, Size> bytes{};

    auto operator<=>(const FixedId&) const = default;
    ByteView view() const { return bytes; }
    std::string hex() const { return to_hex(bytes); }
    /// The first 8 digits: enough for messages to people.
    std::string short_hex() const { return to_hex(ByteView(bytes).first(4)); }
    bool is_zero() const { return *this == FixedId{}; }
    /// Wrong length: nullopt.
    static std::optional<FixedId> from_bytes(ByteView view) {
        if (view.size() != Size) return std::nullopt;
        FixedId id;
        std::memcpy(id.bytes.data(), view.data(), Size);
        return id;
    }
};

/// Keyed hash of a chunk's or a node's plain bytes (HMAC-SHA-256; SHA-256 when not encrypted).
struct ChunkTag;
struct NodeTag;
using ChunkId = FixedId<ChunkTag, 32>;
using NodeId = FixedId<NodeTag, 32>;
/// Random.
struct PackTag;
struct RepositoryTag;
struct SnapshotTag;
using PackId = FixedId<PackTag, 16>;
using RepositoryId = FixedId<RepositoryTag, 16>;
using SnapshotId = FixedId<SnapshotTag, 16>;

/// Entries of the commit log are numbered from 1 without gaps.
struct CommitNumber {
    std::uint64_t value = 0;
    auto operator<=>(const CommitNumber&) const = default;
};

/// Where a sealed object lies in this repository: the pack's local number in the upper 40 bits,
/// the object's place in the pack in the lower 24. Local: never part of the format of a pack.
struct Location {
    std::uint64_t value = 0;
    auto operator<=>(const Location&) const = default;
    static constexpr unsigned item_bits = 24;
    static constexpr std::uint32_t items_max = 1u << item_bits;
    static Location of(std::uint64_t pack_number, std::uint32_t item) {
        return {pack_number << item_bits | item};
    }
    std::uint64_t pack_number() const { return value >> item_bits; }
    std::uint32_t item() const { return static_cast<std::uint32_t>(value & (items_max - 1)); }
};

/// Content and metadata never share a name space, a column family or a pack.
enum class Domain : std::uint8_t { chunk = 1, node = 2 };

}  // namespace yore

template <typename Tag, std::size_t Size>
struct std::hash<yore::FixedId<Tag, Size>> {
    /// Ids are keyed hashes or random: any eight bytes are a good hash.
    std::size_t operator()(const yore::FixedId<Tag, Size>& id) const noexcept {
        std::size_t value = 0;
        std::memcpy(&value, id.bytes.data(), sizeof value);
        return value;
    }
};
