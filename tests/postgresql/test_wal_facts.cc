// SPDX-License-Identifier: Apache-2.0
#include "../support.h"
#include "wal_builder.h"

using namespace yore;
using namespace yore::postgresql;
using namespace yore::postgresql::test;

namespace {

constexpr Lsn start{0x30'0000};
constexpr std::uint64_t time_us = 848'584'979'719'573;  // 2026-11-21T14:02:59.719573Z
const Timestamp time_read = *parse_time("2026-11-21T14:02:59.719573Z", {});
using Kind = TransactionEnd::Kind;
constexpr std::uint8_t commit = 0x80, abort_ = 0xA0, commit_prepared = 0xB0, abort_prepared = 0xC0;

/// The one record, and its fact, of a log that has just this.
Reading read_one(std::uint8_t rmgr, std::uint8_t info, ByteView body, int major_version = 15) {
    WalBuilder wal(small_stream(major_version), start);
    wal.add(rmgr, info, 738, body);
    return Reading(wal);
}
Reading read_xlog(std::uint8_t info, ByteView data) {
    return read_one(0, info, body_of(data));
}
Reading read_transaction(std::uint8_t info, Lists lists, std::uint32_t prepared_xid = 0) {
    const Bytes data = transaction_data(time_us, lists, prepared_xid);
    const bool has_flags = data.size() > sizeof time_us;
    return read_one(rmgr_xact, has_flags ? info : info & 0x70, body_of(data));
}

Bytes checkpoint_data() {
    format::Encoder data;
    data.put(std::uint64_t{0x300'0028}).put(std::uint32_t{3}).put(std::uint32_t{2});
    data.put(std::uint64_t{1});  // full_page_writes and, since 17, wal_level
    data.put(std::uint64_t{0x1'0000'02E3});
    for (std::uint32_t field = 0; field < 8; ++field) data.put(field);  // oids, multixacts
    data.put(std::uint64_t{1'795'269'779});
    for (std::uint32_t field = 0; field < 4; ++field) data.put(field);
    return data.take();
}

}  // namespace

TEST_CASE("A commit says its time and transaction") {
    const auto read = read_one(rmgr_xact, 0x00, body_of(transaction_data(time_us)));
    CHECK(read.fact<TransactionEnd>(0) ==
          TransactionEnd{Kind::commit, false, 738, time_read, 0, 0});
}

TEST_CASE("The end of a transaction says how much it had below it, and how much it dropped") {
    const auto read = read_transaction(commit, {70'000, 3, 2, 1000});
    CHECK(read.fact<TransactionEnd>(0) ==
          TransactionEnd{Kind::commit, false, 738, time_read, 70'000, 3});
    CHECK(read_transaction(abort_, {2, 1}).fact<TransactionEnd>(0) ==
          TransactionEnd{Kind::abort, false, 738, time_read, 2, 1});
    CHECK(read_transaction(commit, {0, 0, 0, 1}).fact<TransactionEnd>(0) ==
          TransactionEnd{Kind::commit, false, 738, time_read, 0, 0});
}

TEST_CASE("The transaction of a second phase is found behind all lists") {
    CHECK(read_transaction(commit_prepared, {}, 555).fact<TransactionEnd>(0) ==
          TransactionEnd{Kind::commit, true, 555, time_read, 0, 0});
    CHECK(read_transaction(commit_prepared, {50'000, 2, 3, 4000}, 555).fact<TransactionEnd>(0) ==
          TransactionEnd{Kind::commit, true, 555, time_read, 50'000, 2});
    CHECK(read_transaction(abort_prepared, {1, 0, 0, 0}, 555).fact<TransactionEnd>(0) ==
          TransactionEnd{Kind::abort, true, 555, time_read, 1, 0});
}

TEST_CASE("Since 18, dropped statistics are longer") {
    const auto xid_read = [](int major_version, std::uint32_t item_bytes) {
        const auto data = transaction_data(time_us, {0, 0, 5}, 555, item_bytes);
        const auto read = read_one(rmgr_xact, commit_prepared, body_of(data), major_version);
        return read.count() == 1 ? read.fact<TransactionEnd>(0).xid : 0;
    };
    CHECK(xid_read(15, 12) == 555);
    CHECK(xid_read(17, 12) == 555);
    CHECK(xid_read(18, 16) == 555);
    CHECK(xid_read(18, 12) != 555);
}

TEST_CASE("Headers before a commit's data are passed over") {
    Bytes body = yore::test::from_hex("fd 0100  fc 0a000000");  // origin, top-level transaction
    const Bytes data = body_of(transaction_data(time_us));
    body.insert(body.end(), data.begin(), data.end());
    CHECK(read_one(rmgr_xact, 0, body).fact<TransactionEnd>(0).time == time_read);
}

TEST_CASE("A time that cannot be said is none, and such a commit is no restore point") {
    const auto time_of = [](std::uint64_t us) {
        return read_one(rmgr_xact, 0, body_of(transaction_data(us)));
    };
    for (std::uint64_t us : {std::uint64_t(INT64_MAX), std::uint64_t(INT64_MIN),
                             std::uint64_t(8'276'687'236'854'776)}) {
        const auto read = time_of(us);
        CHECK_FALSE(read.fact<TransactionEnd>(0).time);
        CHECK_FALSE(restore_point_of(read.record(0), *read.heard.records[0].fact));
    }
    CHECK(time_of(8'276'687'236'854'775).fact<TransactionEnd>(0).time ==
          Timestamp{9'223'372'036'854'775'000});
    CHECK(time_of(0).fact<TransactionEnd>(0).time == Timestamp{946'684'800'000'000'000});
}

TEST_CASE("A named point says its name and time") {
    format::Encoder data;
    data.put(time_us).bytes(as_bytes("before the release")).bytes(Bytes(64 - 18));
    const auto read = read_xlog(0x70, data.view());
    CHECK(read.fact<NamedPoint>(0) == NamedPoint{"before the release", time_read});
    CHECK(
        restore_point_of(read.record(0), *read.heard.records[0].fact) ==
        format::RestorePoint{position_of(read.record(0).lsn), time_read, 0, "before the release"});
}

TEST_CASE("Commits and named points are restore points, other ends are not") {
    const auto point_of = [](const Reading& read) {
        return restore_point_of(read.record(0), *read.heard.records[0].fact);
    };
    CHECK(point_of(read_transaction(commit, {})) ==
          format::RestorePoint{{start.value + 40}, time_read, 738});
    CHECK(point_of(read_transaction(commit_prepared, {}, 555)) ==
          format::RestorePoint{{start.value + 40}, time_read, 555});
    CHECK_FALSE(point_of(read_transaction(abort_, {})));
    CHECK_FALSE(point_of(read_transaction(abort_prepared, {}, 555)));
    CHECK_FALSE(point_of(read_xlog(0x10, checkpoint_data())));
}

TEST_CASE("A checkpoint says where recovery begins, and on which timeline") {
    const Checkpoint expected{Checkpoint::Kind::shutdown,
                              {0x300'0028},
                              {3},
                              {2},
                              true,
                              0x1'0000'02E3,
                              *parse_time("2026-11-21T14:02:59Z", {})};
    CHECK(read_xlog(0x00, checkpoint_data()).fact<Checkpoint>(0) == expected);
    CHECK(read_xlog(0x10, checkpoint_data()).fact<Checkpoint>(0).kind == Checkpoint::Kind::online);
}

TEST_CASE("A promotion names both timelines") {
    format::Encoder data;
    data.put(time_us).put(std::uint32_t{7}).put(std::uint32_t{5}).put(std::uint32_t{1});
    CHECK(read_xlog(0x90, data.view()).fact<EndOfRecovery>(0) ==
          EndOfRecovery{{7}, {5}, time_read});
}

TEST_CASE("A change of parameters says them all") {
    format::Encoder data;
    for (std::uint32_t value : {100u, 8u, 10u, 2u, 64u, 1u}) data.put(value);
    data.put(std::uint8_t{0}).put(std::uint8_t{1}).put(std::uint16_t{0});
    const auto read = read_xlog(0x60, data.view());
    CHECK(read.fact<ParameterChange>(0) ==
          ParameterChange{WalLevel::replica, {100, 8, 10, 2, 64}, false, true});
}

TEST_CASE("Tablespaces are told when they come and go") {
    format::Encoder created, dropped;
    created.put(std::uint32_t{16'384}).bytes(as_bytes("/srv/fast")).put(std::uint8_t{0});
    dropped.put(std::uint32_t{16'384});
    CHECK(read_one(5, 0x00, body_of(created.view())).fact<TablespaceCreate>(0) ==
          TablespaceCreate{16'384, "/srv/fast"});
    CHECK(read_one(5, 0x10, body_of(dropped.view())).fact<TablespaceDrop>(0) ==
          TablespaceDrop{16'384});
}

TEST_CASE("Full-page writes and segment switches are told") {
    CHECK(read_xlog(0x80, Bytes(1)).fact<FullPageWrites>(0) == FullPageWrites{false});
    CHECK(read_xlog(0x80, Bytes(1, std::byte{1})).fact<FullPageWrites>(0) == FullPageWrites{true});
    const auto read = read_one(0, 0x40, {});
    CHECK(read.fact<SegmentSwitch>(0) == SegmentSwitch{});
    CHECK(read.record(0).end == Lsn{0x40'0000});
}

TEST_CASE("Records of other kinds have no fact") {
    for (int info : {0x20, 0x30, 0x50, 0xA0, 0xB0, 0xE0}) {
        const auto read = read_xlog(static_cast<std::uint8_t>(info), heap_body(100));
        CHECK(read.count() == 1);
        CHECK_FALSE(read.heard.records[0].fact);
    }
    for (int info : {0x10, 0x50, 0x60})  // prepare, assignment, invalidations
        CHECK_FALSE(read_one(rmgr_xact, static_cast<std::uint8_t>(info), heap_body(100))
                        .heard.records.at(0)
                        .fact);
}

TEST_CASE("A record of a known kind that does not say what it must stops the reader") {
    const auto is_odd = [](const Reading& read) {
        return read.count() == 0 && read.reason() == WalStop::Reason::content;
    };
    CHECK(is_odd(read_xlog(0x10, ByteView(checkpoint_data()).first(80))));
    CHECK(is_odd(read_xlog(0x70, Bytes(72, std::byte{'x'}))));  // a name without end
    CHECK(is_odd(read_xlog(0x60, Bytes(28, std::byte{9}))));    // a level that is none
    CHECK(is_odd(read_xlog(0x80, {})));
    CHECK(is_odd(read_one(5, 0x00, body_of(heap_body(9000)))));
    CHECK(is_odd(read_one(0, 0x10, {})));
    CHECK(is_odd(read_one(0, 0x10, Bytes(100))));  // names a block
    CHECK(is_odd(read_one(rmgr_xact, 0, body_of(Bytes(7)))));
    CHECK(is_odd(read_transaction(commit_prepared, {3})));  // of which transaction?
    Bytes data = transaction_data(time_us, {3});
    data[20] = std::byte{4};  // more subtransactions than there is data
    CHECK(is_odd(read_one(rmgr_xact, commit, body_of(data))));
    data[20] = std::byte{3};
    CHECK(read_one(rmgr_xact, commit, body_of(data)).count() == 1);
}
