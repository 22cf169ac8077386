// SPDX-License-Identifier: Apache-2.0
#include "ingest/listing.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include <dirent.h>
#include <unistd.h>

namespace yore::ingest {
namespace {

/// Compares as the bytes do. Shorter names are filled with zeros: no name holds a zero byte.
std::uint64_t prefix_of(std::string_view name) {
    std::uint64_t prefix = 0;
    std::memcpy(&prefix, name.data(), std::min(name.size(), sizeof prefix));
    return std::endian::native == std::endian::little ? __builtin_bswap64(prefix) : prefix;
}

}  // namespace

int Listing::read(int directory, MutableBytes buffer) {
    clear();
    const int error = read_all(directory, buffer);
    sort();
    return error;
}

int Listing::read_all(int directory, MutableBytes buffer) {
    for (;;) {
        const ssize_t got = ::getdents64(directory, buffer.data(), buffer.size());
        if (got <= 0) return got < 0 ? errno : 0;
        if (names_.size() + buffer.size() > UINT32_MAX) return EOVERFLOW;
        for (ssize_t at = 0; at < got;) {
            const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
            const std::string_view name(entry->d_name);
            if (name != "." && name != "..") add(name, entry->d_type);
            at += entry->d_reclen;
        }
    }
}

void Listing::add(std::string_view name, unsigned char type) {
    std::optional<PathKind> kind;
    if (type != DT_UNKNOWN) kind = type == DT_DIR ? PathKind::directory : PathKind::file;
    items_.push_back({prefix_of(name), static_cast<std::uint32_t>(names_.size()),
                      static_cast<std::uint16_t>(name.size()), kind});
    names_.insert(names_.end(), name.begin(), name.end());
    names_.push_back('\0');
}

void Listing::sort() {
    const auto rest = [&](const Item& item) {
        return std::string_view(names_.data() + item.start, item.length);
    };
    std::ranges::sort(items_, [&](const Item& a, const Item& b) {
        return a.prefix != b.prefix ? a.prefix < b.prefix : rest(a) < rest(b);
    });
    // A directory that changes while it is read may show a name twice.
    const auto twice = std::ranges::unique(
        items_, [&](const Item& a, const Item& b) { return rest(a) == rest(b); });
    items_.erase(twice.begin(), twice.end());
}

void Listing::clear() {
    names_.clear();
    items_.clear();
}

void Listing::shrink() {
    constexpr std::size_t bytes_kept = 1u << 20;
    if (names_.capacity() > bytes_kept) names_ = {};
    if (items_.capacity() * sizeof(Item) > bytes_kept) items_ = {};
}

bool Listing::contains(std::string_view wanted) const {
    const auto name_of = [&](const Item& item) {
        return std::string_view(names_.data() + item.start, item.length);
    };
    return std::ranges::binary_search(items_, wanted, {}, name_of);
}

void Listing::keep_only(std::string_view wanted) {
    std::erase_if(items_, [&](const Item& item) {
        return std::string_view(names_.data() + item.start, item.length) != wanted;
    });
}

}  // namespace yore::ingest
