// SPDX-License-Identifier: Apache-2.0
#include "store/rocks_keys.h"

#include <yore/base/error.h>

#include <algorithm>

namespace yore::store {
namespace {

std::string describe_item(Domain domain, std::uint64_t location_value) {
    const Location location{location_value};
    const char* kind = domain == Domain::chunk ? "chunk" : "node";
    if (location.item() == pack_index_item)
        return fmt::format("index of pack {} ({}s)", location.pack_number(), kind);
    return fmt::format("{} at pack {} item {}", kind, location.pack_number(), location.item());
}

const char* name_of(Family family) {
    switch (family) {
        case family_index:
            return "index";
        case family_catalog:
            return "catalog";
        case family_packs:
            return "packs";
        case family_tails:
            return "tails";
        default:
            return "?";
    }
}

}  // namespace

NumberKey number_key(std::uint64_t value) {
    NumberKey key{};
    for (unsigned i = 0; i < 8; ++i) key[i] = static_cast<std::byte>(value >> (56 - 8 * i));
    return key;
}

std::optional<std::uint64_t> parse_number_key(ByteView key) {
    if (key.size() != 8) return std::nullopt;
    std::uint64_t value = 0;
    for (const std::byte byte : key) value = value << 8 | static_cast<std::uint64_t>(byte);
    return value;
}

InlineKey inline_key(Domain domain, Location location) {
    InlineKey key{static_cast<std::byte>(domain)};
    std::ranges::copy(item_key(location), key.begin() + 1);
    return key;
}

/// Source and incarnation side by side are one number.
TailRowKey tail_row_key(const TailKey& key) {
    TailRowKey row{};
    const std::uint64_t tail = std::uint64_t{key.tail.source} << 32 | key.tail.incarnation;
    std::ranges::copy(number_key(tail), row.begin());
    std::ranges::copy(number_key(key.position), row.begin() + 8);
    return row;
}

std::optional<TailKey> parse_tail_key(ByteView row) {
    if (row.size() != TailRowKey{}.size()) return std::nullopt;
    const std::uint64_t tail = *parse_number_key(row.first(8));
    return TailKey{{static_cast<std::uint32_t>(tail >> 32), static_cast<std::uint32_t>(tail)},
                   *parse_number_key(row.subspan(8))};
}

Family family_of(Domain domain) {
    return domain == Domain::chunk ? family_chunks : family_nodes;
}

Family family_of(Table table) {
    switch (table) {
        case Table::index:
            return family_index;
        case Table::catalog:
            return family_catalog;
        case Table::packs:
            return family_packs;
    }
    YORE_ENSURE(false);
}

std::string describe_key(Family family, ByteView key) {
    if (family == family_inline && key.size() == 9)
        return describe_item(Domain{static_cast<std::uint8_t>(key[0])},
                             parse_number_key(key.subspan(1)).value_or(0));
    const auto number = parse_number_key(key);
    if (number && family == family_chunks) return describe_item(Domain::chunk, *number);
    if (number && family == family_nodes) return describe_item(Domain::node, *number);
    if (number && family == family_commits) return fmt::format("commit {}", *number);
    if (number && family == family_packs) return fmt::format("row of pack {}", *number);
    if (const auto piece = parse_tail_key(key); piece && family == family_tails)
        return name_of(*piece);
    return fmt::format("row {} of the table {}", to_hex(key), name_of(family));
}

}  // namespace yore::store
