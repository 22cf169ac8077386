// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/follow_pause.h>

#include "catalog/follow_pause_records.h"
#include "catalog/key_bytes.h"
#include "catalog/readable_records.h"
#include "catalog/record_bytes.h"
#include "format/catalog_generated.h"

namespace yore::catalog {
namespace {

namespace fb = format::catalog;
constexpr std::byte pause_letter{'f'};
constexpr char pause_identifier[] = "YCF1";

}  // namespace

Bytes follow_pauses_prefix() {
    return {pause_letter};
}

Bytes follow_pause_key(std::uint32_t source) {
    Bytes key = follow_pauses_prefix();
    put(key, source);
    return key;
}

std::uint32_t parse_follow_pause_key(ByteView key) {
    return open_key(key, pause_letter, 1 + 4).take32();
}

Bytes encode_follow_pause(Timestamp since) {
    flatbuffers::FlatBufferBuilder builder;
    return finish(builder, fb::CreateFollowPause(builder, since.ns), pause_identifier);
}

Timestamp decode_follow_pause(ByteView bytes) {
    const Verified<fb::FollowPause> stored(bytes, pause_identifier, "record of a paused follower");
    return {stored->since()};
}

std::map<std::uint32_t, Timestamp> load_follow_pauses(const store::Store& store) {
    std::map<std::uint32_t, Timestamp> pauses;
    each_readable(store, follow_pauses_prefix(), [&](ByteView key, ByteView record) {
        pauses.emplace(parse_follow_pause_key(key), decode_follow_pause(record));
    });
    return pauses;
}

store::RecordChange put_follow_pause(std::uint32_t source, Timestamp since) {
    return {follow_pause_key(source), encode_follow_pause(since)};
}

store::RecordChange remove_follow_pause(std::uint32_t source) {
    return {follow_pause_key(source), std::nullopt};
}

}  // namespace yore::catalog
