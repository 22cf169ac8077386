// SPDX-License-Identifier: Apache-2.0
// A wrong guess costs some deduplication, never a byte. So the rules are few, and each asks for
// more than a name: the size must be whole pages, and the magic number must fit where there is one.
#include <yore/chunker/chunker.h>

#include <algorithm>
#include <bit>
#include <cctype>

namespace yore::chunker {
namespace {

bool is_number(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return '0' <= c && c <= '9'; });
}
bool is_hexadecimal(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isxdigit(static_cast<unsigned char>(c)) != 0;
    });
}
bool whole(std::uint64_t size, std::uint64_t page) {
    return size > 0 && size % page == 0;
}

/// What is behind the last `mark`; all of it without one. `text` keeps what is before.
std::string_view take_last(std::string_view& text, char mark) {
    const std::size_t at = text.rfind(mark);
    if (at == std::string_view::npos) return std::exchange(text, {});
    const std::string_view last = text.substr(at + 1);
    text = text.substr(0, at);
    return last;
}

bool has_extension(std::string_view name, std::initializer_list<std::string_view> extensions) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return false;
    const std::string_view extension = name.substr(dot + 1);
    return std::any_of(extensions.begin(), extensions.end(), [&](std::string_view wanted) {
        return std::equal(
            extension.begin(), extension.end(), wanted.begin(), wanted.end(),
            [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
    });
}

bool is_prefix_and_number(std::string_view name, std::string_view prefix) {
    return name.starts_with(prefix) && is_number(name.substr(prefix.size()));
}

/// `global/N`, `base/OID/N`, `PG_VERSION/OID/N` (tablespaces), with `_fsm`, `_vm`, `_init`, `.N`.
bool is_postgresql_relation(const FileShape& file) {
    std::string_view name = file.name;
    if (const std::size_t dot = name.find('.'); dot != std::string_view::npos) {
        if (!is_number(name.substr(dot + 1))) return false;
        name = name.substr(0, dot);
    }
    for (std::string_view fork : {"_fsm", "_vm", "_init"}) {
        if (name.ends_with(fork)) {
            name.remove_suffix(fork.size());
            break;
        }
    }
    if (!is_number(name) || !whole(file.size, 8192)) return false;
    std::string_view path = file.parent;
    while (path.ends_with('/')) path.remove_suffix(1);
    const std::string_view database = take_last(path, '/');
    if (database == "global") return true;
    const std::string_view above = take_last(path, '/');
    return is_number(database) && (above == "base" || above.starts_with("PG_"));
}

/// PostgreSQL's transaction status and its kin: pages of 8 KiB, names of hexadecimal digits.
bool is_postgresql_slru(const FileShape& file) {
    std::string_view path = file.parent;
    while (path.ends_with('/')) path.remove_suffix(1);
    const std::string_view folder = take_last(path, '/');
    const bool known =
        folder == "pg_xact" || folder == "pg_subtrans" || folder == "pg_commit_ts" ||
        ((folder == "members" || folder == "offsets") && take_last(path, '/') == "pg_multixact");
    return known && is_hexadecimal(file.name) && whole(file.size, 8192);
}

/// 24 hexadecimal digits, a power of two of bytes, and the high byte of a page's magic.
/// (src/include/access/xlog_internal.h of PostgreSQL.)
bool is_postgresql_wal(const FileShape& file) {
    constexpr std::size_t name_size = 24;
    constexpr std::uint64_t size_min = 1u << 20, size_max = 1u << 30;
    return file.name.size() == name_size && is_hexadecimal(file.name) &&
           std::has_single_bit(file.size) && size_min <= file.size && file.size <= size_max &&
           (file.first_bytes.size() < 2 || file.first_bytes[1] == std::byte{0xd1});
}

/// MariaDB's and MySQL's InnoDB (pages of 4 to 64 KiB, logs in blocks of 512) and Aria.
bool is_mariadb_pages(const FileShape& file) {
    if (has_extension(file.name, {"ibd"})) return whole(file.size, 4096);
    if (has_extension(file.name, {"mai", "mad"})) return whole(file.size, 8192);
    for (std::string_view prefix : {"ibdata", "undo_", "undo"}) {
        if (is_prefix_and_number(file.name, prefix)) return whole(file.size, 4096);
    }
    for (std::string_view prefix : {"ib_logfile", "#ib_redo"}) {
        if (is_prefix_and_number(file.name, prefix)) return whole(file.size, 512);
    }
    return false;
}

/// https://www.sqlite.org/fileformat2.html: magic, then the page size, big-endian; 1 is 65536.
bool is_sqlite(const FileShape& file) {
    constexpr std::string_view magic("SQLite format 3\0", 16);
    if (file.first_bytes.size() < 18) return false;
    if (as_text(file.first_bytes.first(magic.size())) != magic) return false;
    std::uint32_t page = std::to_integer<std::uint32_t>(file.first_bytes[16]) << 8 |
                         std::to_integer<std::uint32_t>(file.first_bytes[17]);
    if (page == 1) page = 65536;
    return page >= 512 && std::has_single_bit(page) && whole(file.size, page);
}

/// LMDB: the first page is a page header of 16 bytes, then the magic of its meta page.
bool is_lmdb(const FileShape& file) {
    constexpr std::array magic{std::byte{0xde}, std::byte{0xc0}, std::byte{0xef}, std::byte{0xbe}};
    return file.first_bytes.size() >= 20 && equal(file.first_bytes.subspan(16, 4), magic) &&
           whole(file.size, 4096);
}

/// SQL Server's data and log files.
bool is_sql_server(const FileShape& file) {
    return (has_extension(file.name, {"mdf", "ndf"}) && whole(file.size, 8192)) ||
           (has_extension(file.name, {"ldf"}) && whole(file.size, 512) && file.size >= 512u << 10);
}

bool is_disk_image(const FileShape& file) {
    return file.size >= 1u << 20 && whole(file.size, 512) &&
           has_extension(file.name, {"qcow2", "raw", "img", "vmdk", "vdi", "vhd", "vhdx", "iso"});
}

}  // namespace

Cutting choose_cutting(const FileShape& file) {
    if (is_postgresql_wal(file)) return Cutting::log;
    const bool pages = is_postgresql_relation(file) || is_postgresql_slru(file) ||
                       is_mariadb_pages(file) || is_sqlite(file) || is_lmdb(file) ||
                       is_sql_server(file) || is_disk_image(file);
    return pages ? Cutting::fixed : Cutting::content_defined;
}

}  // namespace yore::chunker
