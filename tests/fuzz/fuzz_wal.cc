// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's log, and what the reader keeps between its bytes. The first byte of an input says
// what the rest is: 0: bytes of the log; 1: records, to which links and checksums are made that
// fit, so that what they say is reached; 2: a state; 3: a history of timelines.
#include <yore/postgresql/timeline_history.h>

#include "../postgresql/wal_builder.h"
#include "fuzz.h"

namespace {

using namespace yore;
using namespace yore::postgresql;
using namespace yore::postgresql::test;

constexpr Lsn start{0x30'0000};

/// In one piece, and in small ones with a new reader for each: the same must come of it.
void read_both_ways(const WalStream& stream, ByteView log) {
    Heard at_once, in_pieces;
    WalReader whole(stream, start), parts(stream, start);
    whole.feed(log, at_once);
    for (std::size_t at = 0; at < log.size() && !parts.stop(); at += 13) {
        parts = WalReader(stream, parts.state());
        parts.feed(log.subspan(at, std::min<std::size_t>(13, log.size() - at)), in_pieces);
    }
    YORE_ENSURE(at_once.records == in_pieces.records);
    YORE_ENSURE(whole.end() == parts.end() && whole.stop().has_value() == parts.stop().has_value());
}

/// Each: resource manager, info, length (u16), body.
void read_made_records(ByteView bytes) {
    format::Decoder in(bytes);
    const int version = major_version_min + in.get<std::uint8_t>() % 6;
    WalBuilder wal(small_stream(version), start);
    while (in.left() >= 4) {
        const auto resource_manager = in.get<std::uint8_t>();
        const auto info = in.get<std::uint8_t>();
        const std::size_t length = in.get<std::uint16_t>();
        wal.add(resource_manager, info, 7, in.bytes(std::min(length, in.left())));
    }
    read_both_ways(wal.stream(), wal.bytes());
}

void go_on_from_state(ByteView bytes) {
    format::Decoder in(bytes);
    WalReader reader(small_stream(), in.sized<std::uint16_t>(bytes.size()));
    Heard heard;
    reader.feed(in.bytes(in.left()), heard);
    if (!reader.stop()) WalReader(small_stream(), reader.state());
}

void read_any(std::uint8_t kind, ByteView bytes) {
    switch (kind) {
        case 0:
            return read_both_ways(small_stream(), bytes);
        case 1:
            return read_made_records(bytes);
        case 2:
            return go_on_from_state(bytes);
        default:
            parse_timeline_history(bytes, {9}, "00000009.history");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    fuzz::expecting({Errc::corrupt, Errc::unsupported},
                    [&] { read_any(data[0], fuzz::input(data + 1, size - 1)); });
    return 0;
}
