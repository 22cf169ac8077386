// SPDX-License-Identifier: Apache-2.0
#include "tree/column.h"

#include <algorithm>
#include <limits>

namespace yore::tree {
namespace {

struct Range {
    std::int64_t low = 0;
    std::uint64_t spread = 0;  ///< highest less lowest
};

/// Of rows less the line with this slope through 0.
Range range_of(std::span<const std::uint64_t> rows, std::uint64_t slope) {
    std::int64_t low = std::numeric_limits<std::int64_t>::max();
    std::int64_t high = std::numeric_limits<std::int64_t>::min();
    std::uint64_t line = 0;
    for (const std::uint64_t row : rows) {
        const auto rest = static_cast<std::int64_t>(row - line);
        low = std::min(low, rest);
        high = std::max(high, rest);
        line += slope;
    }
    return {low, static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low)};
}

std::uint8_t width_for(std::uint64_t spread) {
    if (spread == 0) return 0;
    if (spread <= 0xff) return 1;
    if (spread <= 0xffff) return 2;
    return spread <= 0xffff'ffff ? 4 : 8;
}

/// From the first to the last row, rounded towards 0; 0 when it does not fit.
std::int32_t slope_of(std::span<const std::uint64_t> rows) {
    if (rows.size() < 3) return 0;
    const auto rise = static_cast<std::int64_t>(rows.back() - rows.front());
    const std::int64_t slope = rise / static_cast<std::int64_t>(rows.size() - 1);
    const bool fits = slope >= std::numeric_limits<std::int32_t>::min() &&
                      slope <= std::numeric_limits<std::int32_t>::max();
    return fits ? static_cast<std::int32_t>(slope) : 0;
}

template <typename Word>
void put_deltas(std::span<const std::uint64_t> rows, std::uint64_t line, std::uint64_t slope,
                std::uint8_t* to) {
    for (const std::uint64_t row : rows) {
        const auto delta = static_cast<Word>(row - line);
        std::memcpy(to, &delta, sizeof(Word));
        to += sizeof(Word);
        line += slope;
    }
}

}  // namespace

template <typename Word>
void Column::decode_as(std::span<std::uint64_t> rows) const {
    std::uint64_t line = base_;
    const std::byte* from = deltas_;
    for (std::uint64_t& row : rows) {
        Word word;
        std::memcpy(&word, from, sizeof(Word));
        row = line + word;
        line += slope_;
        from += sizeof(Word);
    }
}

void Column::decode(std::span<std::uint64_t> rows) const {
    switch (width_) {
        case 0: {
            std::uint64_t line = base_;
            for (std::uint64_t& row : rows) {
                row = line;
                line += slope_;
            }
            return;
        }
        case 1:
            return decode_as<std::uint8_t>(rows);
        case 2:
            return decode_as<std::uint16_t>(rows);
        case 4:
            return decode_as<std::uint32_t>(rows);
        default:
            return decode_as<std::uint64_t>(rows);
    }
}

bool ColumnSource::take(const fb::Column* stored, std::uint32_t row_count, Column& column) {
    if (!stored) {
        column = Column();
        return true;
    }
    const std::uint8_t width = stored->width();
    if (width > 8 || (width != 0 && !std::has_single_bit(width))) return false;
    const std::size_t bytes = std::size_t{width} * row_count;
    if (bytes > left_) return false;
    column = Column(*stored, next_);
    next_ += bytes;
    left_ -= bytes;
    return true;
}

fb::Column encode_column(std::span<const std::uint64_t> rows, std::vector<std::uint8_t>& values) {
    if (rows.empty()) return {};
    Range range = range_of(rows, 0);
    std::uint64_t slope = 0;
    if (const std::int32_t sloped = slope_of(rows); sloped != 0 && range.spread != 0) {
        const auto step = static_cast<std::uint64_t>(std::int64_t{sloped});
        const Range rest = range_of(rows, step);
        if (width_for(rest.spread) < width_for(range.spread)) {
            range = rest;
            slope = step;
        }
    }
    const std::uint8_t width = width_for(range.spread);
    const auto base = static_cast<std::uint64_t>(range.low);
    const std::size_t start = values.size();
    values.resize(start + width * rows.size());
    std::uint8_t* const to = values.data() + start;
    switch (width) {
        case 0:
            break;
        case 1:
            put_deltas<std::uint8_t>(rows, base, slope, to);
            break;
        case 2:
            put_deltas<std::uint16_t>(rows, base, slope, to);
            break;
        case 4:
            put_deltas<std::uint32_t>(rows, base, slope, to);
            break;
        default:
            put_deltas<std::uint64_t>(rows, base, slope, to);
            break;
    }
    return {base, static_cast<std::int32_t>(static_cast<std::int64_t>(slope)), width};
}

}  // namespace yore::tree
