// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/tar_reader.h"

#include <yore/base/error.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace yore::ingest {
namespace {

constexpr std::size_t block_bytes = 512;
using Block = std::array<std::byte, block_bytes>;

struct Field {
    std::size_t at, size;
};
constexpr Field name_field{0, 100}, mode_field{100, 8}, uid_field{108, 8}, gid_field{116, 8},
    size_field{124, 12}, time_field{136, 12}, checksum_field{148, 8}, type_field{156, 1},
    link_field{157, 100}, magic_field{257, 5}, prefix_field{345, 155};

ByteView bytes_of(const Block& block, Field field) {
    return ByteView(block).subspan(field.at, field.size);
}

/// Up to the first NUL.
std::string text_of(const Block& block, Field field) {
    const std::string_view text = as_text(bytes_of(block, field));
    return std::string(text.substr(0, text.find('\0')));
}

/// Octal digits, with spaces before and a space or NUL behind; or, with the highest bit set,
/// big-endian bytes.
std::optional<std::uint64_t> number_of(const Block& block, Field field) {
    const ByteView bytes = bytes_of(block, field);
    std::uint64_t number = 0;
    if ((bytes[0] & std::byte{0x80}) != std::byte{}) {
        if (bytes[0] != std::byte{0x80}) return std::nullopt;
        for (const std::byte b : bytes.subspan(1)) {
            if (number >> 55 != 0) return std::nullopt;
            number = number << 8 | std::to_integer<std::uint64_t>(b);
        }
        return number;
    }
    std::string_view text = as_text(bytes);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    text = text.substr(0, std::min(text.find_first_of(std::string_view(" \0", 2)), text.size()));
    for (const char digit : text) {
        if (digit < '0' || digit > '7') return std::nullopt;
        number = number << 3 | static_cast<std::uint64_t>(digit - '0');
    }
    return number;
}

/// The sum of all bytes, those of the sum itself as spaces.
bool has_right_sum(const Block& block) {
    const auto sum = [](ByteView bytes) {
        return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0},
                               [](std::uint64_t total, std::byte b) {
                                   return total + std::to_integer<std::uint64_t>(b);
                               });
    };
    const std::uint64_t total =
        sum(block) - sum(bytes_of(block, checksum_field)) + checksum_field.size * ' ';
    return number_of(block, checksum_field) == total;
}

bool is_zero(const Block& block) {
    return std::ranges::all_of(block, [](std::byte b) { return b == std::byte{}; });
}

/// Without a leading `./` or a trailing slash. Not a path within the archive: nullopt.
std::optional<std::string> normal_path(std::string path) {
    while (path.starts_with("./")) path.erase(0, 2);
    if (path.ends_with('/')) path.pop_back();
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view part = std::string_view(path).substr(at, end - at);
        if (part.empty() || part == "." || part == ".." || part.size() > 255) return std::nullopt;
        at = end + 1;
    }
    return path;
}

}  // namespace

TarReader::TarReader(std::string archive, Source source)
    : archive_(std::move(archive)), source_(std::move(source)) {}

Error TarReader::damaged(std::string_view what) const {
    return Error(Errc::corrupt,
                 path_.empty() ? fmt::format("{}: {}", archive_, what)
                               : fmt::format("{}: at or behind {}: {}", archive_, path_, what));
}

std::size_t TarReader::fill(MutableBytes into) {
    std::size_t done = 0;
    while (done < into.size()) {
        const std::size_t got = source_(into.subspan(done));
        if (got == 0) break;
        done += got;
    }
    return done;
}

void TarReader::skip(std::uint64_t bytes) {
    std::array<std::byte, 8192> passed;
    while (bytes > 0) {
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, passed.size()));
        if (fill(MutableBytes(passed).first(part)) != part) throw damaged("it ends within a file");
        bytes -= part;
    }
}

std::optional<TarEntry> TarReader::next() {
    skip(std::exchange(left_, 0) + std::exchange(padding_, 0));
    Block block;
    const std::size_t got = fill(block);
    // The end is two blocks of zeros; PostgreSQL 15 and later leave them out.
    if (got == 0) return std::nullopt;
    if (got != block.size()) throw damaged("it ends within a header");
    if (is_zero(block)) {
        while (fill(block) > 0)
            if (!is_zero(block)) throw damaged("something follows its end");
        return std::nullopt;
    }
    if (!has_right_sum(block) || as_text(bytes_of(block, magic_field)) != "ustar")
        throw damaged("a header is damaged");
    const auto mode = number_of(block, mode_field), uid = number_of(block, uid_field),
               gid = number_of(block, gid_field), size = number_of(block, size_field),
               time = number_of(block, time_field);
    std::string name = text_of(block, name_field);
    if (const std::string prefix = text_of(block, prefix_field); !prefix.empty())
        name = prefix + "/" + name;
    auto path = normal_path(std::move(name));
    if (!mode || !uid || !gid || !size || !time || !path) throw damaged("a header is damaged");

    TarEntry entry{.path = std::move(*path),
                   .permissions = static_cast<std::uint32_t>(*mode & 07777),
                   .uid = static_cast<std::uint32_t>(*uid),
                   .gid = static_cast<std::uint32_t>(*gid),
                   .modified = Timestamp::from_seconds(static_cast<std::int64_t>(*time))};
    path_ = entry.path;
    switch (std::to_integer<char>(bytes_of(block, type_field)[0])) {
        case '0':
        case '\0':
            entry.size = left_ = *size;
            padding_ = static_cast<std::uint32_t>(-*size % block_bytes);
            return entry;
        case '5':
            entry.kind = tree::FileKind::directory;
            return entry;
        case '2':
            entry.kind = tree::FileKind::symlink;
            entry.target = text_of(block, link_field);
            return entry;
        default:
            throw damaged("an entry is neither a file, a directory nor a symbolic link");
    }
}

std::size_t TarReader::read(MutableBytes into) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left_, into.size()));
    const std::size_t got = fill(into.first(wanted));
    if (got != wanted) throw damaged("it ends within a file");
    left_ -= got;
    return got;
}

}  // namespace yore::ingest
