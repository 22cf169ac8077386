// SPDX-License-Identifier: Apache-2.0
/// Columns of integers inside a node (src/format/tree.fbs): read in place, encoded, decoded.
///
/// Rows of a directory resemble each other: inodes and name ends grow evenly, owners and times
/// repeat. A line through the first and last row leaves deltas of a byte or none, which is a
/// third of the bytes of structs in memory and compresses better (docs/decisions/).
#pragma once

#include <yore/base/bytes.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "format/tree_generated.h"

namespace yore::tree {

namespace fb = format::tree;
static_assert(std::endian::native == std::endian::little, "deltas are read as they are stored");

class Column {
  public:
    /// All zero.
    Column() = default;
    Column(const fb::Column& stored, const std::byte* deltas)
        : base_(stored.base()),
          slope_(static_cast<std::uint64_t>(std::int64_t{stored.slope()})),
          deltas_(deltas),
          width_(stored.width()) {}

    std::uint64_t at(std::uint32_t row) const {
        const std::uint64_t line = base_ + slope_ * row;
        switch (width_) {
            case 0:
                return line;
            case 1:
                return line + load<std::uint8_t>(row);
            case 2:
                return line + load<std::uint16_t>(row);
            case 4:
                return line + load<std::uint32_t>(row);
            default:
                return line + load<std::uint64_t>(row);
        }
    }
    std::uint32_t at32(std::uint32_t row) const { return static_cast<std::uint32_t>(at(row)); }
    /// For columns of running sums: the sum before this row.
    std::uint64_t before(std::uint32_t row) const { return row == 0 ? 0 : at(row - 1); }
    std::uint32_t before32(std::uint32_t row) const {
        return static_cast<std::uint32_t>(before(row));
    }
    /// All rows at once: a third of the cost of `at` for each. `rows.size()` is the row count.
    void decode(std::span<std::uint64_t> rows) const;

  private:
    template <typename Word>
    Word load(std::uint32_t row) const {
        Word word;
        std::memcpy(&word, deltas_ + sizeof(Word) * row, sizeof(Word));
        return word;
    }
    template <typename Word>
    void decode_as(std::span<std::uint64_t> rows) const;

    std::uint64_t base_ = 0, slope_ = 0;
    const std::byte* deltas_ = nullptr;
    std::uint8_t width_ = 0;
};

/// Takes a node's columns out of its `values`, in the order of the fields.
class ColumnSource {
  public:
    explicit ColumnSource(const flatbuffers::Vector<std::uint8_t>* values)
        : next_(values ? reinterpret_cast<const std::byte*>(values->data()) : nullptr),
          left_(values ? values->size() : 0) {}
    /// An unknown width, or fewer bytes than it needs: false. `stored` may be null.
    [[nodiscard]] bool take(const fb::Column* stored, std::uint32_t row_count, Column& column);
    bool empty() const { return left_ == 0; }

  private:
    const std::byte* next_;
    std::size_t left_;
};

/// Adds the deltas of `rows` to `values`. The same rows always give the same bytes.
fb::Column encode_column(std::span<const std::uint64_t> rows, std::vector<std::uint8_t>& values);

/// What goes into the table: a column that is all zero is left out.
inline const fb::Column* if_any(const fb::Column& column) {
    const bool zero = column.base() == 0 && column.slope() == 0 && column.width() == 0;
    return zero ? nullptr : &column;
}

}  // namespace yore::tree
