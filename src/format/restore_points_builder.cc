// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/format/restore_points.h>
#include <yore/format/wire.h>

#include <algorithm>
#include <span>

#include "format/restore_points_layout.h"

namespace yore::format {
namespace {

using Points = std::span<const RestorePoint>;

void put_varint(Encoder& to, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) to.put(static_cast<std::uint8_t>(value | 0x80));
    to.put(static_cast<std::uint8_t>(value));
}
void put_signed(Encoder& to, std::int64_t value) {
    put_varint(to,
               static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}

std::int64_t time_step(const RestorePoint& from, const RestorePoint& to) {
    std::int64_t step = 0;
    if (__builtin_sub_overflow(to.time.ns, from.time.ns, &step))
        throw Error(Errc::invalid, "restore points: two neighbours are 292 years apart");
    return step;
}

/// The coarsest unit in which all steps are whole: servers count microseconds.
std::uint8_t unit_digits_of(Points points) {
    std::uint8_t digits = 9;
    for (std::size_t i = 1; i < points.size() && digits > 0; ++i) {
        const std::int64_t step = time_step(points[i - 1], points[i]);
        while (step % unit_of(digits) != 0) digits = static_cast<std::uint8_t>(digits - 3);
    }
    return digits;
}

/// Columns one after the other: equal steps stand side by side and compress.
void put_block(Encoder& to, Points block, std::int64_t unit, bool with_ids) {
    for (std::size_t i = 1; i < block.size(); ++i)
        put_varint(to, block[i].position.value - block[i - 1].position.value);
    for (std::size_t i = 1; i < block.size(); ++i)
        put_signed(to, time_step(block[i - 1], block[i]) / unit);
    std::uint64_t before = 0;
    for (const RestorePoint& point : block) {
        if (!with_ids) break;
        put_signed(to, static_cast<std::int64_t>(point.id - before));
        before = point.id;
    }
}

void put_labels(Encoder& to, Points points) {
    to.put(static_cast<std::uint32_t>(
        std::ranges::count_if(points, [](const auto& point) { return !point.label.empty(); })));
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (points[i].label.empty()) continue;
        to.put(static_cast<std::uint32_t>(i)).sized<std::uint8_t>(as_bytes(points[i].label));
    }
}

}  // namespace

void RestorePointsBuilder::add(const RestorePoint& point) {
    if (points_.size() == restore_points_max)
        throw Error(Errc::invalid, "restore points: too many for one list");
    if (!points_.empty() && point.position <= points_.back().position)
        throw Error(Errc::invalid, "restore points: positions do not ascend");
    if (point.label.size() > restore_point_label_bytes_max)
        throw Error(Errc::invalid, "restore points: a label is too long");
    points_.push_back(point);
}

Bytes RestorePointsBuilder::encode() const {
    YORE_ENSURE(!points_.empty());
    const std::uint8_t digits = unit_digits_of(points_);
    const bool with_ids = std::ranges::any_of(points_, [](const auto& p) { return p.id != 0; });
    Encoder table, blocks;
    Timestamp newest = points_.front().time;
    for (std::size_t first = 0; first < points_.size(); first += block_points_max) {
        const auto block = Points(points_).subspan(
            first, std::min<std::size_t>(block_points_max, points_.size() - first));
        put_block(blocks, block, unit_of(digits), with_ids);
        for (const RestorePoint& point : block) newest = std::max(newest, point.time);
        table.put(block[0].position.value)
            .put(static_cast<std::uint64_t>(block[0].time.ns))
            .put(static_cast<std::uint64_t>(newest.ns))
            .put(static_cast<std::uint32_t>(blocks.view().size()));
    }
    Encoder node;
    node.put(restore_points_magic)
        .put(digits)
        .put(with_ids ? has_ids_flag : std::uint8_t{0})
        .put(std::uint16_t{0})
        .put(static_cast<std::uint32_t>(points_.size()))
        .put(static_cast<std::uint32_t>(blocks.view().size()))
        .bytes(table.view())
        .bytes(blocks.view());
    put_labels(node, points_);
    return node.take();
}

}  // namespace yore::format
