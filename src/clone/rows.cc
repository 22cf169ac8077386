// SPDX-License-Identifier: Apache-2.0
#include "clone/rows.h"

#include <yore/base/error.h>
#include <yore/format/wire.h>

namespace yore::clone {
namespace {

using format::Decoder;
using format::Encoder;

constexpr std::uint8_t table_version = 1;
constexpr std::size_t xattr_bytes_max = 64u << 10, name_bytes_max = 255, target_bytes_max = 4096;

enum class Family : std::uint8_t {
    head = 'h',
    inode = 'i',
    mark = 'm',
    name = 'n',
    orphan = 'o',
    zeros = 'z'
};

/// Big-endian, so that rows lie in the order of the numbers.
Bytes key_of(Family family, std::initializer_list<std::uint64_t> numbers = {}) {
    Bytes key{static_cast<std::byte>(family)};
    for (const std::uint64_t number : numbers)
        for (int shift = 56; shift >= 0; shift -= 8)
            key.push_back(static_cast<std::byte>(number >> shift));
    return key;
}

std::uint64_t number_in(ByteView key, std::size_t which) {
    const std::size_t begin = 1 + which * 8;
    if (key.size() < begin + 8)
        throw Error(Errc::corrupt, fmt::format("row {}: its key is cut short", to_hex(key)));
    std::uint64_t number = 0;
    for (const std::byte byte : key.subspan(begin, 8))
        number = number << 8 | std::to_integer<std::uint64_t>(byte);
    return number;
}

template <typename Decode>
auto decoded(std::string_view what, Decode&& decode) {
    return doing([&] { return fmt::format("row of {}", what); }, decode);
}

void put_time(Encoder& out, Timestamp time) {
    out.put(static_cast<std::uint64_t>(time.ns));
}
Timestamp get_time(Decoder& in) {
    return {static_cast<std::int64_t>(in.get<std::uint64_t>())};
}

void put_xattr(Encoder& out, const tree::Xattr& xattr) {
    out.sized<std::uint8_t>(as_bytes(xattr.name)).put<std::uint8_t>(xattr.chunk ? 1 : 0);
    if (xattr.chunk)
        out.put(xattr.size).bytes(xattr.chunk->view());
    else
        out.sized<std::uint32_t>(xattr.value);
}
tree::Xattr get_xattr(Decoder& in) {
    tree::Xattr xattr;
    xattr.name = as_text(in.sized<std::uint8_t>(name_bytes_max));
    if (in.get<std::uint8_t>() != 0) {
        xattr.size = in.get<std::uint32_t>();
        xattr.chunk = in.id<ChunkId>();
    } else {
        xattr.value = to_bytes(in.sized<std::uint32_t>(xattr_bytes_max));
    }
    return xattr;
}

void put_lower(Encoder& out, const std::optional<Lower>& lower) {
    out.put<std::uint8_t>(lower ? 1 : 0);
    if (!lower) return;
    out.bytes(lower->leaf.view()).put(lower->place);
    for (const std::uint64_t word : lower->identity.words) out.put(word);
}
std::optional<Lower> get_lower(Decoder& in) {
    if (in.get<std::uint8_t>() == 0) return std::nullopt;
    Lower lower;
    lower.leaf = in.id<NodeId>();
    lower.place = in.get<std::uint32_t>();
    for (std::uint64_t& word : lower.identity.words) word = in.get<std::uint64_t>();
    return lower;
}

InodeRow get_inode(Decoder in) {
    InodeRow row;
    row.mode = in.get<std::uint32_t>();
    row.uid = in.get<std::uint32_t>();
    row.gid = in.get<std::uint32_t>();
    row.link_count = in.get<std::uint32_t>();
    row.device = in.get<std::uint64_t>();
    row.accessed = get_time(in);
    row.modified = get_time(in);
    row.changed = get_time(in);
    for (auto left = in.count(2); left > 0; --left) row.xattrs.push_back(get_xattr(in));
    row.target = as_text(in.sized<std::uint16_t>(target_bytes_max));
    row.lower = get_lower(in);
    row.size = in.get<std::uint64_t>();
    row.lower_end = in.get<std::uint64_t>();
    row.generation = in.get<std::uint32_t>();
    for (bool* flag : {&row.has_data, &row.kept, &row.is_cut, &row.has_rows})
        *flag = in.get<std::uint8_t>() != 0;
    in.expect_end();
    if ((row.is_cut && !row.has_data) || (row.lower_end > 0 && !row.lower))
        throw Error(Errc::corrupt, "it contradicts itself");
    return row;
}

}  // namespace

Bytes inode_prefix() {
    return key_of(Family::inode);
}
InodeNumber decode_inode_key(ByteView key) {
    return number_in(key, 0);
}
Bytes inode_key(InodeNumber number) {
    return key_of(Family::inode, {number});
}

store::RowChange put_inode(InodeNumber number, const InodeRow& row) {
    Encoder out(256);
    out.put(row.mode).put(row.uid).put(row.gid).put(row.link_count).put(row.device);
    put_time(out, row.accessed);
    put_time(out, row.modified);
    put_time(out, row.changed);
    out.put(static_cast<std::uint32_t>(row.xattrs.size()));
    for (const tree::Xattr& xattr : row.xattrs) put_xattr(out, xattr);
    out.sized<std::uint16_t>(as_bytes(row.target));
    put_lower(out, row.lower);
    out.put(row.size).put(row.lower_end).put(row.generation);
    for (const bool flag : {row.has_data, row.kept, row.is_cut, row.has_rows})
        out.put<std::uint8_t>(flag);
    return {inode_key(number), out.take()};
}

InodeRow decode_inode(InodeNumber number, ByteView value) {
    return decoded(fmt::format("inode {}", number), [&] { return get_inode(Decoder(value)); });
}

Bytes name_prefix(InodeNumber directory) {
    return key_of(Family::name, {directory});
}

Bytes name_key(InodeNumber directory, std::string_view name) {
    Bytes key = name_prefix(directory);
    const ByteView bytes = as_bytes(name);
    key.insert(key.end(), bytes.begin(), bytes.end());
    return key;
}

store::RowChange put_name(InodeNumber directory, std::string_view name, const NameRow& row) {
    Encoder out(12);
    out.put(row.number).put(static_cast<std::uint32_t>(row.type));
    return {name_key(directory, name), out.take()};
}

NameRow decode_name(ByteView value) {
    return decoded("a name", [&] {
        Decoder in(value);
        NameRow row;
        row.number = in.get<std::uint64_t>();
        row.type = in.get<std::uint32_t>();
        in.expect_end();
        return row;
    });
}

std::string_view name_in(ByteView key) {
    number_in(key, 0);
    return as_text(key.subspan(9));
}

Bytes zero_prefix(InodeNumber number) {
    return key_of(Family::zeros, {number});
}

store::RowChange put_zeros(InodeNumber number, const ZeroRow& row) {
    Encoder out(8);
    return {key_of(Family::zeros, {number, row.begin}), out.put(row.end).take()};
}

ZeroRow decode_zeros(ByteView key, ByteView value) {
    return decoded("zeros", [&] {
        Decoder in(value);
        const ZeroRow row{number_in(key, 1), in.get<std::uint64_t>()};
        in.expect_end();
        if (row.begin >= row.end) throw Error(Errc::corrupt, "it ends before it begins");
        return row;
    });
}

Bytes orphan_prefix() {
    return key_of(Family::orphan);
}
Bytes orphan_key(InodeNumber number) {
    return key_of(Family::orphan, {number});
}
InodeNumber decode_orphan(ByteView key) {
    return number_in(key, 0);
}

Bytes mark_prefix() {
    return key_of(Family::mark);
}
store::RowChange put_mark(InodeNumber directory) {
    return {key_of(Family::mark, {directory}), Bytes()};
}
InodeNumber decode_mark(ByteView key) {
    return number_in(key, 0);
}

Bytes head_key() {
    return key_of(Family::head);
}

store::RowChange put_head(const TableHead& head) {
    Encoder out(48);
    out.put(table_version).bytes(head.root.view()).put(head.salt).put(head.next_number);
    return {head_key(), out.take()};
}

TableHead decode_head(ByteView value) {
    return decoded("the clone", [&] {
        Decoder in(value);
        if (const auto version = in.get<std::uint8_t>(); version != table_version)
            throw Error(Errc::unsupported, fmt::format("version {} is not known", version));
        TableHead head;
        head.root = in.id<NodeId>();
        head.salt = in.get<std::uint64_t>();
        head.next_number = in.get<std::uint64_t>();
        in.expect_end();
        return head;
    });
}

}  // namespace yore::clone
