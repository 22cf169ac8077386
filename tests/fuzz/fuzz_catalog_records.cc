// SPDX-License-Identifier: Apache-2.0
// Records of the catalog. The first byte says which; what is accepted survives being stored again.
#include "catalog/follow_pause_records.h"
#include "catalog/job_records.h"
#include "catalog/log_records.h"
#include "catalog/proof_records.h"
#include "catalog/records.h"
#include "catalog/verified_records.h"
#include "fuzz.h"

namespace {

using namespace yore;
using namespace yore::catalog;

void snapshot(ByteView record) {
    const SnapshotKey key{1, {1'795'000'000, 1}, Timestamp::from_seconds(1'795'000'060), {}};
    const Bytes stored = encode(decode_snapshot(key, record));
    YORE_ENSURE(equal(encode(decode_snapshot(key, stored)), stored));
}

void source(ByteView record) {
    const Bytes stored = encode(decode_source(1, record));
    YORE_ENSURE(equal(encode(decode_source(1, stored)), stored));
}

void next_source(ByteView record) {
    const Bytes stored = encode(decode_counters(record));
    YORE_ENSURE(equal(encode(decode_counters(stored)), stored));
}

void hold(ByteView record) {
    const Bytes stored = encode(decode_hold({1, 2}, record));
    YORE_ENSURE(equal(encode(decode_hold({1, 2}, stored)), stored));
}

void job(ByteView record) {
    const Bytes stored = encode(decode_job(1, record));
    YORE_ENSURE(equal(encode(decode_job(1, stored)), stored));
}

void schedule(ByteView record) {
    const Bytes stored = encode(decode_schedule(ScheduledTask::snapshot, record));
    YORE_ENSURE(equal(encode(decode_schedule(ScheduledTask::snapshot, stored)), stored));
}

void schedule_state(ByteView record) {
    const Bytes stored = encode(decode_schedule_state(record));
    YORE_ENSURE(equal(encode(decode_schedule_state(stored)), stored));
}

void follow_pause(ByteView record) {
    const Bytes stored = encode_follow_pause(decode_follow_pause(record));
    YORE_ENSURE(equal(encode_follow_pause(decode_follow_pause(stored)), stored));
}

void keys(ByteView key) {
    fuzz::expecting({Errc::corrupt}, [&] {
        YORE_ENSURE(equal(follow_pause_key(parse_follow_pause_key(key)), key));
    });
    fuzz::expecting({Errc::corrupt}, [&] { YORE_ENSURE(equal(job_key(parse_job_key(key)), key)); });
    fuzz::expecting({Errc::corrupt, Errc::unsupported}, [&] {
        const auto parsed = parse_schedule_key(ScheduleFamily::spec, key);
        YORE_ENSURE(equal(schedule_key(ScheduleFamily::spec, parsed), key));
    });
    fuzz::expecting({Errc::corrupt},
                    [&] { YORE_ENSURE(equal(source_key(parse_source_key(key)), key)); });
    fuzz::expecting({Errc::corrupt},
                    [&] { YORE_ENSURE(equal(snapshot_key(parse_snapshot_key(key)), key)); });
    fuzz::expecting({Errc::corrupt},
                    [&] { YORE_ENSURE(equal(incarnation_key(parse_incarnation_key(key)), key)); });
    fuzz::expecting({Errc::corrupt}, [&] {
        YORE_ENSURE(equal(segment_time_key(parse_segment_time_key(key)), key));
    });
    fuzz::expecting({Errc::corrupt}, [&] {
        const ParsedLogKey parsed = parse_log_key(LogFamily::segment, key);
        YORE_ENSURE(equal(log_key(LogFamily::segment, parsed.log, parsed.position), key));
    });
}

constexpr ParsedLogKey place{{1, 1}, {1u << 26}};

void segment(ByteView record) {
    const Bytes stored = encode(decode_segment(place, record));
    YORE_ENSURE(equal(encode(decode_segment(place, stored)), stored));
}

void span(ByteView record) {
    const Bytes stored = encode(decode_span(place, record));
    YORE_ENSURE(equal(encode(decode_span(place, stored)), stored));
}

void incarnation(ByteView record) {
    const Bytes stored = encode(decode_incarnation({1, 2}, record));
    YORE_ENSURE(equal(encode(decode_incarnation({1, 2}, stored)), stored));
}

void run(ByteView record) {
    const Bytes stored = encode(decode_run(place, record));
    YORE_ENSURE(equal(encode(decode_run(place, stored)), stored));
}

void proof(ByteView record) {
    const Bytes stored = encode(decode_proof(record));
    YORE_ENSURE(equal(encode(decode_proof(stored)), stored));
}

void verified(ByteView record) {
    const Bytes stored = encode(decode_verified(1, record));
    YORE_ENSURE(equal(encode(decode_verified(1, stored)), stored));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView record = fuzz::input(data + 1, size - 1);
    fuzz::expecting({Errc::corrupt, Errc::unsupported}, [&] {
        switch (data[0] % 15) {
            case 0:
                return snapshot(record);
            case 1:
                return source(record);
            case 2:
                return next_source(record);
            case 3:
                return keys(record);
            case 4:
                return segment(record);
            case 5:
                return span(record);
            case 6:
                return incarnation(record);
            case 7:
                return run(record);
            case 8:
                return job(record);
            case 9:
                return schedule(record);
            case 10:
                return schedule_state(record);
            case 12:
                return verified(record);
            case 13:
                return follow_pause(record);
            case 14:
                return proof(record);
            default:
                return hold(record);
        }
    });
    return 0;
}
