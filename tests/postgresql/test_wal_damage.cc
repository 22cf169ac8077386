// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/wal_reader.h>

#include <rapidcheck.h>

#include "../support.h"
#include "wal_builder.h"

using namespace yore;
using namespace yore::postgresql;
using namespace yore::postgresql::test;

namespace {

constexpr Lsn start{0x30'0000};
using Reason = WalStop::Reason;

/// Some pages of short records.
WalBuilder short_records(int count = 100) {
    WalBuilder wal(small_stream(), start);
    for (int i = 0; i < count; ++i) wal.heap(static_cast<std::size_t>(i * 31 % 500));
    return wal;
}

/// Why reading stops when a byte of the page at `page` is another one.
std::optional<Reason> reason_when(std::uint64_t page, std::size_t offset, int value) {
    WalBuilder wal = short_records();
    wal.at(page + offset) = static_cast<std::byte>(value);
    return Reading(wal).reason();
}

}  // namespace

TEST_CASE("Zeros where a record should begin end the log") {
    WalBuilder wal = short_records();
    wal.align();
    const Lsn end = wal.position();
    wal.zeros(20'000);
    const Reading read(wal);
    CHECK(read.count() == 100);
    REQUIRE(read.reader.stop());
    CHECK(read.reader.stop()->reason == Reason::zeros);
    CHECK(read.reader.stop()->nothing_follows());
    CHECK(read.reader.stop()->end == end);
    CHECK(read.reader.stop()->at == end);
    CHECK(read.reader.end() == end);
}

TEST_CASE("An empty page ends the log, also in the midst of a record") {
    WalBuilder wal(small_stream(), start);
    wal.heap(8192 - 40 - 24);
    wal.zeros(8192);
    const Reading at_end(wal);
    CHECK(at_end.count() == 1);
    CHECK(at_end.reason() == Reason::zeros);
    CHECK(at_end.reader.end() == Lsn{start.value + 8192});

    WalBuilder broken(small_stream(), start);
    const Lsn open = broken.heap(20'000);
    for (std::uint64_t i = 0; i < 8192; ++i) broken.at(start.value + 8192 + i) = std::byte{0};
    const Reading within(broken);
    CHECK(within.count() == 0);
    CHECK(within.reason() == Reason::zeros);
    CHECK(within.reader.stop()->at == Lsn{start.value + 8192});
    CHECK(within.reader.end() < open);
}

TEST_CASE("Pages of the file's earlier use end the log") {
    WalBuilder old(small_stream(), Lsn{start.value - (2u << 20)});
    for (int i = 0; i < 100; ++i) old.heap(400);
    WalBuilder wal(small_stream(), start);
    wal.heap(1000);
    wal.next_page();
    Bytes file = to_bytes(wal.bytes());
    const auto rest = old.bytes().subspan(file.size());
    file.insert(file.end(), rest.begin(), rest.end());
    // The rest of the last page that was written is zeros; a server that stopped at its end...
    Heard heard;
    WalReader reader(wal.stream(), start);
    reader.feed(file, heard);
    CHECK(reader.stop()->reason == Reason::zeros);

    // ... leaves the next page as it was.
    WalBuilder full(small_stream(), start);
    full.heap(8192 - 40 - 24);
    file = to_bytes(full.bytes());
    file.insert(file.end(), rest.begin(), rest.end());
    WalReader second(wal.stream(), start);
    second.feed(file, heard);
    CHECK(second.stop()->reason == Reason::old_page);
    CHECK(second.stop()->nothing_follows());
    CHECK(second.end() == Lsn{start.value + 8192});
}

TEST_CASE("A segment under another's name is found at its first page") {
    const WalBuilder wal = short_records();
    const auto read_at = [&](Lsn place) {
        Heard heard;
        WalReader reader(wal.stream(), place);
        reader.feed(wal.bytes(), heard);
        REQUIRE(reader.stop());
        return std::pair{reader.stop()->reason, reader.stop()->at};
    };
    CHECK(read_at(Lsn{start.value + (1u << 20)}) ==
          std::pair{Reason::old_page, Lsn{start.value + (1u << 20)}});
    CHECK(read_at(Lsn{start.value - (1u << 20)}).first == Reason::page_address);
}

TEST_CASE("What is wrong with a page is told apart") {
    const std::uint64_t first = start.value, second = start.value + 8192;
    CHECK(reason_when(first, 0, 0x16) == Reason::foreign);        // magic of 17
    CHECK(reason_when(first, 0, 0x17) == Reason::page_header);    // magic of none
    CHECK(reason_when(second, 2, 0x11) == Reason::page_header);   // an unknown flag
    CHECK_FALSE(reason_when(second, 2, 0x05));                    // a flag that does not matter
    CHECK(reason_when(first, 2, 0x00) == Reason::page_header);    // no long header
    CHECK(reason_when(first, 24, 0x00) == Reason::foreign);       // system identifier
    CHECK(reason_when(first, 34, 0x20) == Reason::foreign);       // segment size
    CHECK(reason_when(first, 37, 0x40) == Reason::foreign);       // block size
    CHECK(reason_when(second, 9, 0x40) == Reason::page_address);  // this page, from later
    CHECK(reason_when(second, 4, 0x02) == Reason::timeline);      // of a later timeline
    CHECK(reason_when(second, 4, 0x00) == Reason::timeline);
    CHECK(reason_when(second, 16, 0xFF) == Reason::continuation);  // bytes that are left
    CHECK(reason_when(second, 2, 0x00) == Reason::continuation);   // goes on with nothing
}

TEST_CASE("A page that goes on with a record where none is open is found") {
    WalBuilder wal(small_stream(), start);
    wal.heap(8192 - 40 - 24);
    wal.heap(10);
    wal.at(start.value + 8192 + 2) = std::byte{1};
    CHECK(Reading(wal).reason() == Reason::continuation);
}

TEST_CASE("Timelines do not go back, and behind a fork only its own pages are right") {
    WalStream stream = small_stream();
    stream.timeline = {3};
    const auto reason_of = [&](Timeline first, Timeline second, Lsn fork) {
        WalBuilder wal(stream, start);
        wal.set_timeline(first);
        wal.heap(4000);
        wal.set_timeline(second);
        wal.heap(9000);
        WalStream expected = stream;
        expected.timeline_start = fork;
        return Reading(wal, expected).reason();
    };
    CHECK_FALSE(reason_of({1}, {3}, {}));
    CHECK_FALSE(reason_of({1}, {2}, {}));
    CHECK(reason_of({2}, {1}, {}) == Reason::timeline);
    CHECK(reason_of({3}, {4}, {}) == Reason::timeline);
    CHECK(reason_of({1}, {2}, Lsn{start.value + 4096}) == Reason::timeline);
    CHECK_FALSE(reason_of({1}, {3}, Lsn{start.value + 4096}));
    CHECK_FALSE(reason_of({1}, {2}, Lsn{start.value + 8192}));
}

TEST_CASE("A length that cannot be, an unknown kind and a wrong link are told") {
    WalBuilder wal = short_records(1);
    const Lsn record{start.value + 40};
    wal.at(record) = std::byte{23};
    CHECK(Reading(wal).reason() == Reason::length);
    wal.at(Lsn{record.value + 3}) = std::byte{0x40};
    CHECK(Reading(wal).reason() == Reason::length);

    WalBuilder unknown(small_stream(), start);
    unknown.add(22, 0, 0, heap_body(10));
    CHECK(Reading(unknown).reason() == Reason::resource_manager);

    WalBuilder unlinked = short_records(3);
    unlinked.set_previous(Lsn{start.value + 48});
    const Lsn wrong = unlinked.heap(10);
    const Reading read(unlinked);
    CHECK(read.count() == 3);
    CHECK(read.reason() == Reason::previous);
    CHECK(read.reader.stop()->at == wrong);

    WalBuilder forward(small_stream(), start);
    forward.set_previous(Lsn{start.value + 40});
    forward.heap(10);
    CHECK(Reading(forward).reason() == Reason::previous);
}

TEST_CASE("A record that replaces another than the one that broke off is found") {
    WalBuilder wal(small_stream(), start);
    const Lsn broken = wal.break_off(9000);
    format::Encoder data;
    data.put(broken.value + 8).put(std::uint64_t{0});
    wal.add(0, 0xD0, 0, body_of(data.view()));
    CHECK(Reading(wal).reason() == Reason::content);
}

TEST_CASE("What stopped it is said with its place") {
    WalBuilder wal = short_records(3);
    wal.at(start.value + 40 + 24 + 8) = std::byte{0};  // of the second record's link
    const Reading read(wal);
    REQUIRE(read.reader.stop());
    CHECK(read.reader.stop()->text ==
          "record at 0/300040: it follows one at 0/300000, not 0/300028");
}

TEST_CASE("After a stop nothing more is told") {
    WalBuilder wal = short_records();
    wal.at(start.value + 8192) = std::byte{1};
    Reading read(wal);
    const auto count = read.count();
    read.reader.feed(wal.bytes(), read.heard);
    CHECK(read.count() == count);
}

TEST_CASE("A bit that flips anywhere in a record is found") {
    const WalBuilder intact = short_records(120);
    const Reading whole(intact);
    REQUIRE(whole.count() == 120);
    CHECK(rc::check([&] {
        WalBuilder wal = intact;
        const auto place = *rc::gen::inRange<std::size_t>(0, 60);  // pages follow it
        const WalRecord& record = whole.record(place);
        // Of the bytes from its start on, the headers of pages between are tested elsewhere.
        const auto byte = record.lsn.value + *rc::gen::inRange(0u, record.bytes);
        RC_PRE(byte % 8192 >= 24 && byte < record.end.value);
        wal.at(byte) ^= static_cast<std::byte>(1 << *rc::gen::inRange(0, 8));
        const Reading read(wal);
        RC_ASSERT(read.reader.stop().has_value());
        RC_ASSERT(read.count() == place);
        RC_ASSERT(read.reader.end() <= record.lsn);
    }));
}
