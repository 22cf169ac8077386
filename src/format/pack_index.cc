// SPDX-License-Identifier: Apache-2.0
#include <yore/format/pack_index.h>
#include <yore/format/wire.h>

#include <algorithm>

namespace yore::format {
namespace {

constexpr std::uint8_t index_version = 1;
constexpr std::uint8_t flag_base = 1;
constexpr std::size_t item_bytes_min = 32 + 4 + 4 + 1;

PackItem decode_item(Decoder& decoder) {
    PackItem item;
    ByteView id = decoder.bytes(item.id.size());
    std::copy(id.begin(), id.end(), item.id.begin());
    item.stored_bytes = decoder.get<std::uint32_t>();
    item.plain_bytes = decoder.get<std::uint32_t>();
    auto flags = decoder.get<std::uint8_t>();
    if ((flags & ~flag_base) != 0) throw Error(Errc::corrupt, "an item has unknown flags");
    if ((flags & flag_base) != 0) item.base = decoder.id<ChunkId>();
    return item;
}

}  // namespace

Bytes encode_pack_index(const PackIndex& index) {
    YORE_ENSURE(index.items.size() <= pack_items_max);
    Encoder encoder(22 + index.items.size() * (item_bytes_min + ChunkId::size));
    encoder.put(index_version)
        .put(static_cast<std::uint8_t>(index.domain))
        .bytes(index.pack.view())
        .put(static_cast<std::uint32_t>(index.items.size()));
    for (const PackItem& item : index.items) {
        encoder.bytes(item.id)
            .put(item.stored_bytes)
            .put(item.plain_bytes)
            .put(item.base ? flag_base : std::uint8_t{0});
        if (item.base) encoder.bytes(item.base->view());
    }
    return encoder.take();
}

PackIndex decode_pack_index(ByteView bytes, const PackId& pack, Domain domain) {
    Decoder decoder(bytes);
    if (decoder.get<std::uint8_t>() != index_version) {
        throw Error(Errc::corrupt, "its version is unknown");
    }
    PackIndex index;
    index.domain = decode_enum(decoder, Domain::chunk, Domain::node, "domain");
    index.pack = decoder.id<PackId>();
    if (index.domain != domain || index.pack != pack) {
        throw Error(Errc::corrupt, "it belongs to another pack");
    }
    std::uint32_t count = decoder.count(item_bytes_min);
    if (count > pack_items_max) throw Error(Errc::corrupt, "it has too many items");
    index.items.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) index.items.push_back(decode_item(decoder));
    decoder.expect_end();
    return index;
}

}  // namespace yore::format
