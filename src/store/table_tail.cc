// SPDX-License-Identifier: Apache-2.0
//
// The layout of a block-based table:
// github.com/facebook/rocksdb/wiki/Rocksdb-BlockBasedTable-Format
#include "store/table_tail.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace yore::store {
namespace {

constexpr std::size_t footer_bytes = 53;  // of format versions 1 to 5
constexpr std::uint64_t metaindex_bytes_max = 64u << 10;

/// Takes numbers off the front of bytes that may be anything.
class Numbers {
  public:
    explicit Numbers(std::string_view bytes) : bytes_(bytes) {}
    std::string_view rest() const { return bytes_; }

    std::optional<std::uint64_t> varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(bytes_.front());
            bytes_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7fu} << shift;
            if (byte < 0x80) return value;
        }
        return std::nullopt;
    }
    std::optional<std::string_view> text(std::uint64_t size) {
        if (size > bytes_.size()) return std::nullopt;
        const std::string_view taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }

  private:
    std::string_view bytes_;
};

struct Extent {
    std::uint64_t offset, bytes;
};

std::optional<Extent> take_extent(Numbers& numbers) {
    const auto offset = numbers.varint();
    const auto bytes = numbers.varint();
    if (!offset || !bytes) return std::nullopt;
    return Extent{*offset, *bytes};
}

std::optional<std::string> read(const rocksdb::FSRandomAccessFile& file, Extent at) {
    std::string scratch(at.bytes, '\0');
    rocksdb::Slice content;
    const auto status = file.Read(at.offset, at.bytes, {}, &content, scratch.data(), nullptr);
    if (!status.ok() || content.size() != at.bytes) return std::nullopt;
    return content.ToString();
}

std::optional<Extent> find_metaindex(const rocksdb::FSRandomAccessFile& file,
                                     std::uint64_t file_bytes) {
    if (file_bytes < footer_bytes) return std::nullopt;
    const auto footer = read(file, {file_bytes - footer_bytes, footer_bytes});
    if (!footer) return std::nullopt;
    Numbers numbers(std::string_view(*footer).substr(1));  // after the kind of checksum
    const auto found = take_extent(numbers);
    if (!found || found->bytes > metaindex_bytes_max || found->offset > file_bytes ||
        found->bytes > file_bytes - found->offset)
        return std::nullopt;
    return found;
}

/// Entries are (shared, own, value length, own key bytes, value), keys sharing a prefix with the
/// one before; a list of offsets follows them, which reads as entries that lead nowhere.
std::optional<Extent> find_properties(std::string_view metaindex) {
    std::string key;
    for (Numbers numbers(metaindex); !numbers.rest().empty();) {
        const auto shared = numbers.varint(), own = numbers.varint(), bytes = numbers.varint();
        if (!shared || !own || !bytes || *shared > key.size()) break;
        const auto suffix = numbers.text(*own);
        if (!suffix) break;
        const auto value = numbers.text(*bytes);
        if (!value) break;
        key.resize(*shared);
        key += *suffix;
        Numbers extent(*value);
        if (key == "rocksdb.properties") return take_extent(extent);
    }
    return std::nullopt;
}

}  // namespace

bool has_openable_properties(const rocksdb::FSRandomAccessFile& file, std::uint64_t file_bytes) {
    const auto metaindex = find_metaindex(file, file_bytes);
    if (!metaindex) return true;
    const auto entries = read(file, *metaindex);
    if (!entries) return true;
    const auto properties = find_properties(*entries);
    if (!properties || properties->bytes == 0 || properties->offset > file_bytes ||
        properties->bytes > file_bytes - properties->offset)
        return true;
    const auto last = read(file, {properties->offset + properties->bytes - 1, 1});
    return !last || (static_cast<unsigned char>(last->front()) & 0x80u) == 0;
}

}  // namespace yore::store
