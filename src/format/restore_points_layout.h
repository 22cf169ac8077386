// SPDX-License-Identifier: Apache-2.0
/// How a list of restore points lies in its node (docs/format/restore_points.md), and the small
/// integers in it.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/format/restore_points.h>

#include <array>
#include <cstdint>

namespace yore::format {

inline constexpr std::uint32_t restore_points_magic = 0x31505259;  // "YRP1"
inline constexpr std::size_t points_header_bytes = 16;
inline constexpr std::size_t point_block_bytes = 28;
inline constexpr std::uint32_t block_points_max = 128;
inline constexpr std::uint8_t has_ids_flag = 1;

/// A row of the table of blocks.
struct PointBlock {
    LogPosition first_position;
    Timestamp first_time;
    Timestamp newest;       ///< greatest time of its points and of those before it
    std::uint32_t end = 0;  ///< where its bytes end, counted from the end of the table
};

struct PointsHeader {
    std::uint8_t unit_digits = 0;  ///< times are multiples of 10^unit_digits ns from the first one
    std::uint8_t flags = 0;
    std::uint32_t count = 0;
    std::uint32_t block_bytes = 0;  ///< of all blocks; the labels follow
    std::uint32_t block_count() const { return (count + block_points_max - 1) / block_points_max; }
    std::size_t table_end() const {
        return points_header_bytes + std::size_t{block_count()} * point_block_bytes;
    }
    bool has_ids() const { return (flags & has_ids_flag) != 0; }
};

/// The points of one block, decoded.
struct DecodedBlock {
    std::uint32_t count = 0;
    std::array<std::uint64_t, block_points_max> positions;
    std::array<std::int64_t, block_points_max> times;
    std::array<std::uint64_t, block_points_max> ids;
};

PointsHeader read_points_header(ByteView node);
PointBlock read_point_block(ByteView node, std::uint32_t block);
/// Wrong lengths, numbers that do not fit, positions that do not ascend: `corrupt`.
void decode_point_block(ByteView node, const PointsHeader&, std::uint32_t block, DecodedBlock&);

inline std::int64_t unit_of(std::uint8_t digits) {
    std::int64_t unit = 1;
    for (; digits > 0; --digits) unit *= 10;
    return unit;
}

}  // namespace yore::format
