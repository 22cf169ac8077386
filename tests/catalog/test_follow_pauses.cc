// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/follow_pause.h>

#include "catalog/follow_pause_records.h"
#include "golden_files.h"
#include "memory_store.h"

using namespace yore;
using namespace yore::catalog;
using namespace yore::test;

namespace {

constexpr Timestamp since{1'795'226'400'000'000'001};

}  // namespace

TEST_CASE("the record of a paused follower has the bytes of the golden files") {
    CHECK(to_hex(follow_pause_key(7)) == golden("follow-pause-key-1.hex"));
    CHECK(to_hex(encode_follow_pause(since)) == golden("follow-pause-1.hex"));
    CHECK(parse_follow_pause_key(from_hex(golden("follow-pause-key-1.hex"))) == 7);
    CHECK(decode_follow_pause(from_hex(golden("follow-pause-1.hex"))) == since);
}

TEST_CASE("a damaged record of a paused follower is refused, or left out of all") {
    survives_damage(encode_follow_pause(since),
                    [](const Bytes& bytes) { decode_follow_pause(bytes); });
    Bytes longer = follow_pause_key(7);
    longer.push_back({});
    CHECK(code_thrown_by([&] { parse_follow_pause_key(longer); }) == Errc::corrupt);
    MemoryStore memory;
    const store::RecordChange changes[] = {put_follow_pause(7, since),
                                           {follow_pause_key(8), to_bytes(as_bytes("no record"))}};
    memory.store.commit(changes);
    CHECK(load_follow_pauses(memory.store) == std::map<std::uint32_t, Timestamp>{{7, since}});
}

TEST_CASE("a source is paused until its record is removed") {
    MemoryStore memory;
    const store::RecordChange both[] = {put_follow_pause(7, since), put_follow_pause(9, since)};
    memory.store.commit(both);
    CHECK(load_follow_pauses(memory.store).size() == 2);
    const store::RecordChange resumed[] = {remove_follow_pause(7)};
    memory.store.commit(resumed);
    CHECK(load_follow_pauses(memory.store) == std::map<std::uint32_t, Timestamp>{{9, since}});
}
