// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/wal_reader.h>

#include <random>

#include <rapidcheck.h>

#include "../support.h"
#include "wal_builder.h"

using namespace yore;
using namespace yore::postgresql;
using namespace yore::postgresql::test;

namespace {

constexpr Lsn start{0x30'0000};
constexpr std::uint64_t time_us = 848'584'979'719'573;

/// Some of everything: short and long records, commits, a switch, a record that broke off.
WalBuilder varied_log() {
    WalBuilder wal(small_stream(), Lsn{0x3D'0000});
    for (std::uint32_t i = 0; i < 60; ++i) {
        wal.heap(i * 37 % 300);
        wal.commit(700 + i, time_us + i);
        if (i % 20 == 3) wal.heap(30'000);
        if (i == 25) {
            const Lsn broken = wal.break_off(9000);
            format::Encoder data;
            data.put(broken.value).put(time_us);
            wal.add(0, 0xD0, 0, body_of(data.view()));
        }
        if (i == 40) wal.switch_segment();
        if (i % 10 == 5)
            wal.add(rmgr_xact, 0xB0, 0, body_of(transaction_data(time_us, {900, 5, 7, 40}, i)));
    }
    return wal;
}

struct Outcome {
    std::vector<Heard::Record> records;
    Lsn position, end;
    std::string stop;
    bool operator==(const Outcome&) const = default;
};
Outcome outcome_of(const WalReader& reader, const Heard& heard) {
    return {heard.records, reader.position(), reader.end(),
            reader.stop() ? reader.stop()->text : ""};
}

/// Feeds pieces of the lengths that `next` draws.
template <typename Next>
void feed_in_pieces(WalReader& reader, Heard& heard, ByteView bytes, Next&& next) {
    while (!bytes.empty()) {
        const auto piece = bytes.first(std::min<std::size_t>(bytes.size(), next()));
        reader.feed(piece, heard);
        bytes = bytes.subspan(piece.size());
    }
}

}  // namespace

TEST_CASE("Records are told in order, with where they begin and end") {
    WalBuilder wal(small_stream(), start);
    const Lsn first = wal.heap(5), second = wal.heap(16), third = wal.commit(701, time_us);
    const Reading read(wal);
    REQUIRE(read.count() == 3);
    CHECK(first == Lsn{start.value + 40});
    CHECK(read.record(0) == WalRecord{first, second, Lsn{start.value - 40}, 29, 700, rmgr_heap, 0});
    CHECK(read.record(1).end == third);
    CHECK(read.record(2).xid == 701);
    CHECK(read.record(2).previous == second);
    CHECK_FALSE(read.reader.stop());
    CHECK(read.reader.position() == wal.position());
}

TEST_CASE("A record may cross pages and segments") {
    WalBuilder wal(small_stream(), start);
    const Lsn longer = wal.heap(100'000), across = wal.heap((1 << 20) + 5000), last = wal.heap(1);
    const Reading read(wal);
    REQUIRE(read.count() == 3);
    CHECK(read.record(0).lsn == longer);
    CHECK(read.record(1).lsn == across);
    CHECK(read.record(1).bytes == (1 << 20) + 5024);
    CHECK(read.record(2).lsn == last);
}

TEST_CASE("A record may end with its page, and its header may lie in two") {
    for (std::size_t left = 0; left <= 32; left += 8) {
        WalBuilder wal(small_stream(), start);
        wal.heap(8192 - 40 - 24 - left);
        const Lsn second = wal.heap(3);
        const Reading read(wal);
        INFO(left);
        REQUIRE(read.count() == 2);
        CHECK(read.record(1).lsn == second);
        CHECK(second.value == start.value + 8192 - left + (left == 0 ? 24 : 0));
    }
}

TEST_CASE("Other sizes of pages and segments are read too") {
    for (std::uint32_t block_bytes : {1024u, 4096u, 65'536u}) {
        WalStream stream = small_stream();
        stream.block_bytes = block_bytes;
        stream.segment_size = *SegmentSize::of(4u << 20);
        WalBuilder wal(stream, Lsn{8u << 20});
        for (int i = 0; i < 50; ++i) wal.heap(3000);
        CHECK(Reading(wal).count() == 50);
    }
}

TEST_CASE("One byte at a time gives the same as all at once") {
    const WalBuilder wal = varied_log();
    const Reading whole(wal);
    CHECK(whole.count() == 60 * 2 + 3 + 1 + 1 + 6);
    CHECK_FALSE(whole.reader.stop());
    Heard heard;
    WalReader reader(wal.stream(), wal.start());
    feed_in_pieces(reader, heard, wal.bytes(), [] { return 1u; });
    CHECK(outcome_of(reader, heard) == outcome_of(whole.reader, whole.heard));
}

TEST_CASE("However the log is split, the same is told") {
    const WalBuilder wal = varied_log();
    const Outcome whole = [&] {
        const Reading read(wal);
        return outcome_of(read.reader, read.heard);
    }();
    CHECK(rc::check([&] {
        const auto longest = *rc::gen::element(30u, 300u, 9000u, 100'000u);
        std::minstd_rand lengths(*rc::gen::inRange(1u, 1u << 30));
        Heard heard;
        WalReader reader(wal.stream(), wal.start());
        feed_in_pieces(reader, heard, wal.bytes(), [&] { return 1 + lengths() % longest; });
        RC_ASSERT(outcome_of(reader, heard) == whole);
    }));
}

TEST_CASE("A reader made of another's state goes on as that would") {
    const WalBuilder wal = varied_log();
    const Outcome whole = [&] {
        const Reading read(wal);
        return outcome_of(read.reader, read.heard);
    }();
    CHECK(rc::check([&] {
        std::minstd_rand lengths(*rc::gen::inRange(1u, 1u << 30));
        Heard heard;
        WalReader reader(wal.stream(), wal.start());
        feed_in_pieces(reader, heard, wal.bytes(), [&] {
            reader = WalReader(wal.stream(), reader.state());
            const auto drawn = lengths();
            return 1 + drawn / 8 % (drawn % 8 < 4 ? 60 : 6000);
        });
        RC_ASSERT(outcome_of(reader, heard) == whole);
    }));
}

TEST_CASE("At every byte of a commit the state can be kept, and it is small") {
    WalBuilder wal(small_stream(), start);
    wal.heap(8192 - 40 - 24 - 24 - 40);  // the commit crosses a page
    wal.add(rmgr_xact, 0xB0, 0, body_of(transaction_data(time_us, {3, 2, 1, 2}, 555)));
    const Reading whole(wal);
    for (std::size_t split = 0; split <= wal.bytes().size(); ++split) {
        Heard heard;
        WalReader first(wal.stream(), wal.start());
        first.feed(wal.bytes().first(split), heard);
        const Bytes state = first.state();
        WalReader second(wal.stream(), state);
        second.feed(wal.bytes().subspan(split), heard);
        REQUIRE(heard.records == whole.heard.records);
        REQUIRE(state.size() < 200);
    }
}

TEST_CASE("Of a record whose beginning was not read, the rest is skipped") {
    WalBuilder wal(small_stream(), start);
    wal.heap(20'000);
    const Lsn second = wal.commit(701, time_us);
    const Lsn from{start.value + 8192};
    Heard heard;
    WalReader reader(wal.stream(), from);
    reader.feed(wal.bytes_from(from), heard);
    REQUIRE(heard.records.size() == 1);
    CHECK(heard.records[0].record.lsn == second);
    CHECK(heard.records[0].record.previous == Lsn{start.value + 40});
    CHECK_FALSE(reader.stop());
}

TEST_CASE("Reading may begin at a record") {
    WalBuilder wal(small_stream(), start);
    wal.heap(1000);
    const Lsn second = wal.heap(9000);
    Heard heard;
    WalReader reader(wal.stream(), second);
    reader.feed(wal.bytes_from(second), heard);
    REQUIRE(heard.records.size() == 1);
    CHECK(heard.records[0].record.lsn == second);
}

TEST_CASE("Between a switch and the next segment anything may lie") {
    WalBuilder wal(small_stream(), start);
    wal.heap(100);
    wal.switch_segment();
    const Lsn next{0x40'0000};
    for (std::uint64_t byte = start.value + 9000; byte < next.value; byte += 7)
        wal.at(byte) = std::byte{0xA5};
    wal.heap(100);
    const Reading read(wal);
    CHECK(read.count() == 3);
    CHECK(read.record(1).end == next);
    CHECK(read.record(2).lsn == Lsn{next.value + 40});
}

TEST_CASE("A switch may be the last that fits its segment") {
    WalBuilder wal(small_stream(), start);
    while (0x40'0000 - wal.position().value > 8192 + 48) wal.heap(8192 - 48);
    wal.heap(0x40'0000 - wal.position().value - 24 - 24 - 24);
    wal.switch_segment();
    REQUIRE(wal.position() == Lsn{0x40'0000});
    wal.heap(1);
    const Reading read(wal);
    CHECK_FALSE(read.reader.stop());
    CHECK(read.record(read.count() - 2).end == Lsn{0x40'0000});
    CHECK(read.record(read.count() - 1).lsn == Lsn{0x40'0028});
}

TEST_CASE("After a crash within a record, the log goes on with the one that replaces it") {
    WalBuilder wal(small_stream(), start);
    const Lsn whole = wal.heap(10), broken = wal.break_off(9000);
    format::Encoder data;
    data.put(broken.value).put(time_us);
    wal.add(0, 0xD0, 0, body_of(data.view()));
    const Reading read(wal);
    REQUIRE(read.count() == 2);
    CHECK(read.fact<OverwrittenRecord>(1).lsn == broken);
    CHECK(read.record(1).previous == whole);
}

TEST_CASE("Resource managers of extensions are known since 15") {
    for (int major : {14, 15}) {
        WalBuilder wal(small_stream(major), start);
        wal.add(128, 0, 0, heap_body(10));
        CHECK(Reading(wal).count() == (major >= 15 ? 1 : 0));
    }
}

TEST_CASE("The segment at a promotion has pages of both timelines") {
    WalStream stream = small_stream();
    stream.timeline = {3};
    WalBuilder wal(stream, start);
    wal.set_timeline({1});
    for (int i = 0; i < 40; ++i) wal.heap(1000);
    stream.timeline_start = wal.position();
    wal.set_timeline({3});
    for (int i = 0; i < 40; ++i) wal.heap(1000);
    CHECK(Reading(wal, stream).count() == 80);
}

TEST_CASE("Streams and places that cannot be are refused") {
    const auto refusal_of = [](const WalStream& stream, Lsn at) {
        return yore::test::code_thrown_by([&] { WalReader(stream, at); });
    };
    WalStream stream = small_stream();
    CHECK_FALSE(refusal_of(stream, start));
    CHECK(refusal_of(stream, Lsn{start.value + 4}) == Errc::invalid);
    CHECK(refusal_of(stream, Lsn{start.value + 16}) == Errc::invalid);
    CHECK(refusal_of(small_stream(12), start) == Errc::invalid);
    stream.block_bytes = 5000;
    CHECK(refusal_of(stream, start) == Errc::invalid);
    stream.block_bytes = 512;
    CHECK(refusal_of(stream, start) == Errc::invalid);
}

TEST_CASE("A state that is none is corrupt") {
    const WalBuilder wal = varied_log();
    CHECK(rc::check([&] {
        Heard heard;
        WalReader reader(wal.stream(), wal.start());
        const auto fed = *rc::gen::inRange<std::size_t>(0, wal.bytes().size());
        reader.feed(wal.bytes().first(fed), heard);
        Bytes state = reader.state();
        const auto cut = *rc::gen::inRange<std::size_t>(0, state.size());
        RC_ASSERT(yore::test::code_thrown_by([&] {
                      WalReader(wal.stream(), ByteView(state).first(cut));
                  }) == Errc::corrupt);
        state.push_back(std::byte{0});
        RC_ASSERT(yore::test::code_thrown_by([&] { WalReader(wal.stream(), state); }) ==
                  Errc::corrupt);
    }));
}
