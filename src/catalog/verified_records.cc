// SPDX-License-Identifier: Apache-2.0
#include "catalog/verified_records.h"

#include "catalog/key_bytes.h"
#include "catalog/record_bytes.h"
#include "format/catalog_generated.h"

namespace yore::catalog {
namespace {

namespace fb = format::catalog;
constexpr std::byte verified_letter{'v'};
constexpr char verified_identifier[] = "YCV1";

}  // namespace

Bytes verified_prefix() {
    return {verified_letter};
}

Bytes verified_key(std::uint64_t first) {
    Bytes key = verified_prefix();
    put(key, first);
    return key;
}

std::uint64_t parse_verified_key(ByteView key) {
    return open_key(key, verified_letter, 1 + 8).take(8);
}

Bytes encode(const VerifiedRecord& record) {
    flatbuffers::FlatBufferBuilder builder;
    return finish(builder,
                  fb::CreateVerified(builder, record.last, record.reading.began.ns,
                                     record.reading.as_of.value),
                  verified_identifier);
}

VerifiedRecord decode_verified(std::uint64_t first, ByteView bytes) {
    const std::string name = fmt::format("record of verified packs from {}", first);
    const Verified<fb::Verified> stored(bytes, verified_identifier, name);
    if (stored->last() < first) throw damaged(name, "it ends before it begins");
    return {stored->last(), {{stored->began()}, {stored->as_of()}}};
}

}  // namespace yore::catalog
