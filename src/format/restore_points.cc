// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/format/restore_points.h>
#include <yore/format/wire.h>

#include <algorithm>
#include <limits>

#include "format/restore_points_layout.h"

namespace yore::format {
namespace {

Error damaged(const char* what) {
    return Error(Errc::corrupt, fmt::format("restore points: {}", what));
}

std::uint64_t take_varint(Decoder& from) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const auto byte = from.get<std::uint8_t>();
        if (shift == 63 && byte > 1) break;
        value |= std::uint64_t{byte & 0x7fu} << shift;
        if (byte < 0x80) return value;
    }
    throw damaged("a number in it is out of bounds");
}
std::int64_t take_signed(Decoder& from) {
    const std::uint64_t value = take_varint(from);
    return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

std::uint32_t points_in(const PointsHeader& header, std::uint32_t block) {
    return std::min(block_points_max, header.count - block * block_points_max);
}

struct Label {
    std::uint32_t place = 0;
    std::string_view text;
};
/// `visit` returns false to stop.
template <typename Visit>
void scan_labels(ByteView node, const PointsHeader& header, const Visit& visit) {
    Decoder from(node.subspan(header.table_end() + header.block_bytes));
    for (std::uint32_t left = from.count(5); left > 0; --left) {
        const auto place = from.get<std::uint32_t>();
        const Label label{place, as_text(from.sized<std::uint8_t>(restore_point_label_bytes_max))};
        if (!visit(label)) return;
    }
    from.expect_end();
}

PointsHeader check_header(ByteView node) {
    if (node.size() < points_header_bytes) throw damaged("cut short");
    Decoder from(node);
    if (from.get<std::uint32_t>() != restore_points_magic) throw damaged("not a list of them");
    const PointsHeader header = read_points_header(node);
    if (header.unit_digits > 9 || header.unit_digits % 3 != 0) throw damaged("an unknown unit");
    if (header.flags > has_ids_flag || node[6] != std::byte{} || node[7] != std::byte{})
        throw Error(Errc::unsupported, "restore points: a feature of them is unknown",
                    {"they were made by a newer version"});
    if (header.count == 0 || header.count > restore_points_max)
        throw damaged("their number is out of bounds");
    if (node.size() < header.table_end() || node.size() - header.table_end() < header.block_bytes)
        throw damaged("cut short");
    return header;
}

void check_blocks(ByteView node, const PointsHeader& header) {
    DecodedBlock decoded;
    std::uint32_t end = 0;
    std::optional<std::uint64_t> position;
    std::int64_t newest = std::numeric_limits<std::int64_t>::min();
    for (std::uint32_t block = 0; block < header.block_count(); ++block) {
        const PointBlock row = read_point_block(node, block);
        if (row.end < end || row.end > header.block_bytes) throw damaged("a block out of bounds");
        end = row.end;
        decode_point_block(node, header, block, decoded);
        if (position && decoded.positions[0] <= *position) throw damaged("positions fall");
        position = decoded.positions[decoded.count - 1];
        for (std::uint32_t i = 0; i < decoded.count; ++i)
            newest = std::max(newest, decoded.times[i]);
        if (row.newest.ns != newest) throw damaged("a greatest time is wrong");
    }
    if (end != header.block_bytes) throw damaged("bytes behind the last block");
}

}  // namespace

PointsHeader read_points_header(ByteView node) {
    Decoder from(node.subspan(4));
    PointsHeader header;
    header.unit_digits = from.get<std::uint8_t>();
    header.flags = from.get<std::uint8_t>();
    from.get<std::uint16_t>();
    header.count = from.get<std::uint32_t>();
    header.block_bytes = from.get<std::uint32_t>();
    return header;
}

PointBlock read_point_block(ByteView node, std::uint32_t block) {
    Decoder from(node.subspan(points_header_bytes + std::size_t{block} * point_block_bytes));
    PointBlock row;
    row.first_position.value = from.get<std::uint64_t>();
    row.first_time.ns = static_cast<std::int64_t>(from.get<std::uint64_t>());
    row.newest.ns = static_cast<std::int64_t>(from.get<std::uint64_t>());
    row.end = from.get<std::uint32_t>();
    return row;
}

void decode_point_block(ByteView node, const PointsHeader& header, std::uint32_t block,
                        DecodedBlock& to) {
    const PointBlock row = read_point_block(node, block);
    const std::uint32_t start = block == 0 ? 0 : read_point_block(node, block - 1).end;
    Decoder from(node.subspan(header.table_end() + start, row.end - start));
    to.count = points_in(header, block);
    to.positions[0] = row.first_position.value;
    to.times[0] = row.first_time.ns;
    for (std::uint32_t i = 1; i < to.count; ++i)
        if (__builtin_add_overflow(to.positions[i - 1], take_varint(from), &to.positions[i]) ||
            to.positions[i] == to.positions[i - 1])
            throw damaged("positions do not ascend");
    const std::int64_t unit = unit_of(header.unit_digits);
    for (std::uint32_t i = 1; i < to.count; ++i) {
        std::int64_t step = 0;
        if (__builtin_mul_overflow(take_signed(from), unit, &step) ||
            __builtin_add_overflow(to.times[i - 1], step, &to.times[i]))
            throw damaged("a time is out of bounds");
    }
    std::uint64_t id = 0;
    for (std::uint32_t i = 0; i < to.count; ++i) {
        if (header.has_ids()) id += static_cast<std::uint64_t>(take_signed(from));
        to.ids[i] = id;
    }
    from.expect_end();
}

void check_restore_points(ByteView node) {
    const PointsHeader header = check_header(node);
    check_blocks(node, header);
    std::optional<std::uint32_t> before;
    scan_labels(node, header, [&](const Label& label) {
        if (label.text.empty() || label.place >= header.count || (before && label.place <= *before))
            throw damaged("a label is out of its place");
        before = label.place;
        return true;
    });
}

std::uint32_t RestorePoints::count() const {
    return read_points_header(bytes_).count;
}

RestorePoint RestorePoints::at(std::uint32_t place) const {
    const PointsHeader header = read_points_header(bytes_);
    YORE_ENSURE(place < header.count);
    DecodedBlock block;
    decode_point_block(bytes_, header, place / block_points_max, block);
    const std::uint32_t i = place % block_points_max;
    RestorePoint point{{block.positions[i]}, {block.times[i]}, block.ids[i]};
    scan_labels(bytes_, header, [&](const Label& label) {
        if (label.place == place) point.label = label.text;
        return label.place < place;
    });
    return point;
}

std::optional<std::uint32_t> RestorePoints::last_at_or_before(LogPosition position) const {
    const PointsHeader header = read_points_header(bytes_);
    std::uint32_t low = 0, high = header.block_count();  // blocks that start at or before it
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (read_point_block(bytes_, middle).first_position <= position)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0) return std::nullopt;
    DecodedBlock block;
    decode_point_block(bytes_, header, low - 1, block);
    const auto end = block.positions.begin() + block.count;
    const auto behind = std::upper_bound(block.positions.begin(), end, position.value);
    return (low - 1) * block_points_max +
           static_cast<std::uint32_t>(behind - block.positions.begin()) - 1;
}

std::optional<std::uint32_t> RestorePoints::first_later_than(Timestamp time) const {
    const PointsHeader header = read_points_header(bytes_);
    std::uint32_t low = 0, high = header.block_count();
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (read_point_block(bytes_, middle).newest > time)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == header.block_count()) return std::nullopt;
    DecodedBlock block;
    decode_point_block(bytes_, header, low, block);
    const auto end = block.times.begin() + block.count;
    const auto later =
        std::find_if(block.times.begin(), end, [&](std::int64_t ns) { return ns > time.ns; });
    YORE_ENSURE(later != end);
    return low * block_points_max + static_cast<std::uint32_t>(later - block.times.begin());
}

std::optional<std::uint32_t> RestorePoints::with_id(std::uint64_t id) const {
    const PointsHeader header = read_points_header(bytes_);
    if (!header.has_ids()) return std::nullopt;
    DecodedBlock block;
    for (std::uint32_t number = 0; number < header.block_count(); ++number) {
        decode_point_block(bytes_, header, number, block);
        const auto end = block.ids.begin() + block.count;
        const auto found = std::find(block.ids.begin(), end, id);
        if (found != end)
            return number * block_points_max +
                   static_cast<std::uint32_t>(found - block.ids.begin());
    }
    return std::nullopt;
}

std::optional<std::uint32_t> RestorePoints::with_label(std::string_view text) const {
    std::optional<std::uint32_t> found;
    scan_labels(bytes_, read_points_header(bytes_), [&](const Label& label) {
        if (label.text == text) found = label.place;
        return true;
    });
    return found;
}

std::vector<RestorePoint> RestorePoints::all() const {
    const PointsHeader header = read_points_header(bytes_);
    std::vector<RestorePoint> points;
    points.reserve(header.count);
    DecodedBlock block;
    for (std::uint32_t number = 0; number < header.block_count(); ++number) {
        decode_point_block(bytes_, header, number, block);
        for (std::uint32_t i = 0; i < block.count; ++i)
            points.push_back({{block.positions[i]}, {block.times[i]}, block.ids[i]});
    }
    scan_labels(bytes_, header, [&](const Label& label) {
        points[label.place].label = label.text;
        return true;
    });
    return points;
}

}  // namespace yore::format
