// SPDX-License-Identifier: Apache-2.0
#include <yore/format/tables.h>

#include <algorithm>

#define XXH_INLINE_ALL  // hashing in pieces without an allocation needs the state's size
#include <yore/format/wire.h>

#include <xxhash.h>

namespace yore::format {
namespace {

constexpr std::uint8_t row_version = 1;
constexpr std::uint8_t flag_base = 1;
constexpr std::uint8_t flag_inline = 1;
constexpr std::size_t check_bytes = 4;

std::uint32_t check_of(ByteView key, ByteView row) {
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, key.data(), key.size());
    XXH3_64bits_update(&state, row.data(), row.size());
    return static_cast<std::uint32_t>(XXH3_64bits_digest(&state));
}

Bytes with_check(ByteView key, Encoder&& row) {
    row.put(check_of(key, row.view()));
    return row.take();
}

Decoder checked(ByteView key, ByteView value) {
    if (value.size() < check_bytes) throw Error(Errc::corrupt, "it is cut short");
    ByteView row = value.first(value.size() - check_bytes);
    if (Decoder(value.last(check_bytes)).get<std::uint32_t>() != check_of(key, row)) {
        throw Error(Errc::corrupt, "its checksum is wrong");
    }
    Decoder decoder(row);
    if (decoder.get<std::uint8_t>() != row_version) {
        throw Error(Errc::corrupt, "its version is unknown");
    }
    return decoder;
}

std::uint8_t decode_flags(Decoder& decoder, std::uint8_t known) {
    auto flags = decoder.get<std::uint8_t>();
    if ((flags & ~known) != 0) throw Error(Errc::corrupt, "it has unknown flags");
    return flags;
}

}  // namespace

Bytes index_key(Domain domain, const ObjectId& id) {
    return Encoder(1 + id.size()).put(static_cast<std::uint8_t>(domain)).bytes(id).take();
}

std::optional<IndexKey> parse_index_key(ByteView key) {
    IndexKey parsed{Domain::chunk, {}};
    if (key.size() != 1 + parsed.id.size()) return std::nullopt;
    if (key[0] != std::byte{1} && key[0] != std::byte{2}) return std::nullopt;
    parsed.domain = static_cast<Domain>(key[0]);
    std::copy(key.begin() + 1, key.end(), parsed.id.begin());
    return parsed;
}

Bytes encode_index_row(ByteView key, const IndexRow& row) {
    Encoder encoder(22 + ChunkId::size);
    encoder.put(row_version)
        .put(row.base ? flag_base : std::uint8_t{0})
        .put(row.location.value)
        .put(row.plain_bytes)
        .put(row.stored_bytes);
    if (row.base) encoder.bytes(row.base->view());
    return with_check(key, std::move(encoder));
}

IndexRow decode_index_row(ByteView key, ByteView value) {
    Decoder decoder = checked(key, value);
    auto flags = decode_flags(decoder, flag_base);
    IndexRow row;
    row.location = {decoder.get<std::uint64_t>()};
    row.plain_bytes = decoder.get<std::uint32_t>();
    row.stored_bytes = decoder.get<std::uint32_t>();
    if ((flags & flag_base) != 0) row.base = decoder.id<ChunkId>();
    decoder.expect_end();
    return row;
}

Bytes pack_key(std::uint64_t pack_number) {
    Bytes key(8);
    for (std::size_t i = 0; i < 8; ++i)
        key[i] = static_cast<std::byte>(pack_number >> (56 - 8 * i));
    return key;
}

std::optional<std::uint64_t> parse_pack_key(ByteView key) {
    if (key.size() != 8) return std::nullopt;
    std::uint64_t number = 0;
    for (std::byte byte : key) number = number << 8 | std::to_integer<std::uint64_t>(byte);
    return number;
}

Bytes encode_pack_row(ByteView key, const PackRow& row) {
    Encoder encoder(64);
    encoder.put(row_version)
        .put(static_cast<std::uint8_t>(row.domain))
        .put(static_cast<std::uint8_t>(row.state))
        .put(row.is_inline ? flag_inline : std::uint8_t{0})
        .bytes(row.id.view())
        .put(row.items)
        .put(row.plain_bytes)
        .put(row.stored_bytes)
        .put(row.reachable_since.value)
        .put(row.condemned_by.value);
    return with_check(key, std::move(encoder));
}

PackRow decode_pack_row(ByteView key, ByteView value) {
    Decoder decoder = checked(key, value);
    PackRow row;
    row.domain = decode_enum(decoder, Domain::chunk, Domain::node, "domain");
    row.state = decode_enum(decoder, PackState::live, PackState::dropped, "state");
    row.is_inline = (decode_flags(decoder, flag_inline) & flag_inline) != 0;
    row.id = decoder.id<PackId>();
    row.items = decoder.get<std::uint32_t>();
    row.plain_bytes = decoder.get<std::uint64_t>();
    row.stored_bytes = decoder.get<std::uint64_t>();
    row.reachable_since = {decoder.get<std::uint64_t>()};
    row.condemned_by = {decoder.get<std::uint64_t>()};
    decoder.expect_end();
    return row;
}

}  // namespace yore::format
