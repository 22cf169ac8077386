// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/segment_name.h>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace yore;
using namespace yore::postgresql;

namespace {

using Kind = LogFileName::Kind;

SegmentSize mebibytes(unsigned count) {
    return *SegmentSize::of(std::uint64_t{count} << 20);
}

}  // namespace

TEST_CASE("A segment size is a power of two from 1 MiB to 1 GiB") {
    CHECK(SegmentSize().bytes() == 16u << 20);
    CHECK(mebibytes(1).bytes() == 1u << 20);
    CHECK(mebibytes(1024).bytes() == 1u << 30);
    for (std::uint64_t bytes : {0ull, 1ull, 1ull << 19, (1ull << 20) + 1, 3ull << 20, 1ull << 31,
                                1ull << 32, 1ull << 52}) {
        CHECK_FALSE(SegmentSize::of(bytes));
    }
}

TEST_CASE("A segment's name counts by the segment size") {
    const SegmentNumber number = mebibytes(16).segment_of(Lsn{0x16'B374D848});
    CHECK(segment_name({1}, number, mebibytes(16)) == "0000000100000016000000B3");
    CHECK(mebibytes(16).start_of(number) == Lsn{0x16'B3000000});
    CHECK(mebibytes(16).offset_of(Lsn{0x16'B374D848}) == 0x74D848);
    CHECK(segment_name({0xA}, mebibytes(1).segment_of(Lsn{0x16'B374D848}), mebibytes(1)) ==
          "0000000A0000001600000B37");
    CHECK(segment_name({1}, mebibytes(1024).segment_of(Lsn{0x16'B374D848}), mebibytes(1024)) ==
          "000000010000001600000002");
}

TEST_CASE("The four kinds of names are told apart") {
    const auto size = mebibytes(16);
    const SegmentNumber number{0x3FE};
    CHECK(parse_log_file_name("0000000200000003000000FE", size) ==
          LogFileName{Kind::segment, {2}, number});
    CHECK(parse_log_file_name("0000000200000003000000FE.partial", size) ==
          LogFileName{Kind::partial, {2}, number});
    CHECK(parse_log_file_name("0000000200000003000000FE.00000028.backup", size) ==
          LogFileName{Kind::backup_history, {2}, number, 0x28});
    CHECK(parse_log_file_name("0000000F.history", size) ==
          LogFileName{Kind::timeline_history, {15}});
}

TEST_CASE("What is no name of a log file is refused") {
    for (const char* name :
         {"", "00000002", "00000002.hist", "0000000000000003000000FE", "00000000.history",
          "0000000200000003000000fe", "000000020000000300000100", "0000000200000003000000F",
          "0000000200000003000000FE0", "0000000200000003000000FE.", "0000000200000003000000FE.tmp",
          "0000000200000003000000FE.0000028.backup", "0000000200000003000000FE.01000000.backup",
          "0000000200000003000000FE.00000028.backup2", "0000000f.history", "0x000002.history",
          "archive_status", "000000020000000 000000FE"}) {
        INFO(name);
        CHECK_FALSE(parse_log_file_name(name, mebibytes(16)));
    }
}

TEST_CASE("Every name is read back, for every segment size") {
    CHECK(rc::check([](std::uint64_t lsn, std::uint32_t timeline) {
        const auto size = mebibytes(1u << *rc::gen::inRange(0, 11));
        LogFileName name{*rc::gen::element(Kind::segment, Kind::partial, Kind::backup_history),
                         {timeline | 1},
                         size.segment_of(Lsn{lsn})};
        if (name.kind == Kind::backup_history) name.offset = size.offset_of(Lsn{lsn});
        RC_ASSERT(parse_log_file_name(to_text(name, size), size) == name);
        RC_ASSERT(size.start_of(name.segment).value + size.offset_of(Lsn{lsn}) == lsn);
    }));
}
