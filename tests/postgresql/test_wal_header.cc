// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/wal_header.h>

#include "../support.h"
#include "wal_builder.h"

using namespace yore;
using namespace yore::postgresql;
using yore::postgresql::test::small_stream;
using yore::postgresql::test::WalBuilder;

namespace {

Bytes a_segment(int major_version = 15) {
    WalBuilder wal(small_stream(major_version), Lsn{0x30'0000});
    wal.heap(10);
    return to_bytes(wal.bytes());
}
std::optional<Errc> refusal_of(ByteView segment) {
    return yore::test::code_thrown_by([&] { parse_segment_header(segment, "segment"); });
}

}  // namespace

TEST_CASE("The versions are told by the magic numbers of their pages") {
    for (int major = major_version_min; major <= major_version_max; ++major)
        CHECK(major_version_of(page_magic_of(major).value()) == major);
    CHECK_FALSE(page_magic_of(12));
    CHECK_FALSE(page_magic_of(19));
    CHECK_FALSE(major_version_of(0xD101));
    CHECK_FALSE(major_version_of(0));
}

TEST_CASE("A segment's header says of which cluster it is and where it lies") {
    for (int major = major_version_min; major <= major_version_max; ++major) {
        const auto stream = small_stream(major);
        CHECK(parse_segment_header(a_segment(major), "x") ==
              SegmentHeader{
                  major, stream.system_identifier, stream.segment_size, 8192, {1}, Lsn{0x30'0000}});
    }
}

TEST_CASE("What is no start of a segment is refused") {
    const Bytes good = a_segment();
    CHECK(refusal_of(ByteView(good).first(39)) == Errc::corrupt);
    CHECK(refusal_of(Bytes(8192)) == Errc::corrupt);
    const auto damaged = [&](std::size_t offset, int value) {
        Bytes bytes = good;
        bytes[offset] = static_cast<std::byte>(value);
        return refusal_of(bytes);
    };
    CHECK(damaged(0, 0x01) == Errc::unsupported);  // magic
    CHECK(damaged(2, 0x00) == Errc::corrupt);      // not long
    CHECK(damaged(2, 0x12) == Errc::corrupt);      // an unknown flag
    CHECK(damaged(4, 0x00) == Errc::corrupt);      // timeline 0
    CHECK(damaged(9, 0x20) == Errc::corrupt);      // not at the start of a segment
    CHECK(damaged(32, 0x01) == Errc::corrupt);     // segment size
    CHECK(damaged(37, 0x21) == Errc::corrupt);     // block size
}

TEST_CASE("Where a record ends is known from where it begins and its length") {
    WalBuilder wal(small_stream(), Lsn{0x30'0000});
    for (const std::size_t bytes : {10u, 8'000u, 8'168u, 100'000u, 30u, 1'200'000u, 7u})
        wal.heap(bytes);
    const SegmentHeader header = parse_segment_header(wal.bytes(), "segment");
    const yore::postgresql::test::Reading all(wal);
    REQUIRE(all.count() == 7);
    std::size_t crossing = 0;
    for (std::size_t place = 0; place < all.count(); ++place) {
        const WalRecord& record = all.record(place);
        const Lsn end = end_of_record(header, record.lsn, wal.bytes_from(record.lsn).first(4));
        CHECK((end.value + 7) / 8 * 8 == record.end.value);
        crossing += record.lsn.value / 8192 != (end.value - 1) / 8192;
    }
    CHECK(crossing >= 3);
}

TEST_CASE("A record's length is refused where no record has it") {
    const SegmentHeader header = parse_segment_header(a_segment(), "segment");
    const auto refusal = [&](std::uint32_t bytes, std::size_t known = 4) {
        const auto length = std::as_bytes(std::span(&bytes, 1)).first(known);
        return yore::test::code_thrown_by([&] { end_of_record(header, Lsn{0x30'0028}, length); });
    };
    CHECK(refusal(0) == Errc::corrupt);
    CHECK(refusal(23) == Errc::corrupt);
    CHECK(refusal(24) == std::nullopt);
    CHECK(refusal(0x3FFF'FFFF) == std::nullopt);
    CHECK(refusal(0x4000'0000) == Errc::corrupt);
    CHECK(refusal(24, 3) == Errc::corrupt);
}
