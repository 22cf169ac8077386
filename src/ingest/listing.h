// SPDX-License-Identifier: Apache-2.0
/// The names in one directory, sorted by bytes; one block of memory that is used again.
#pragma once

#include <yore/base/bytes.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ingest/exclude.h"

namespace yore::ingest {

class Listing {
  public:
    /// Reads all names but `.` and `..` through `buffer` (for getdents64; larger is faster).
    /// Returns 0 or the errno; on an error it holds the names that were read before. A million
    /// names take about 40 MB.
    int read(int directory, MutableBytes buffer);
    void clear();
    /// Keeps `name` alone, if it is there.
    void keep_only(std::string_view name);
    /// Gives memory back if it holds much.
    void shrink();

    std::size_t size() const { return items_.size(); }
    /// Followed by a NUL.
    std::string_view name(std::size_t i) const {
        return {names_.data() + items_[i].start, items_[i].length};
    }
    /// nullopt when the file system does not say.
    std::optional<PathKind> kind(std::size_t i) const { return items_[i].kind; }
    bool contains(std::string_view name) const;

  private:
    struct Item {
        std::uint64_t prefix;  ///< the first eight bytes, so that most comparisons end here
        std::uint32_t start;   ///< in `names_`
        std::uint16_t length;
        std::optional<PathKind> kind;
    };
    int read_all(int directory, MutableBytes buffer);
    void add(std::string_view name, unsigned char type);
    void sort();

    std::vector<char> names_;
    std::vector<Item> items_;
};

}  // namespace yore::ingest
