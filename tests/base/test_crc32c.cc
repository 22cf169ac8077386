// SPDX-License-Identifier: Apache-2.0
#include <yore/base/crc32c.h>

#include <catch2/catch.hpp>

#include "base/crc32c_table.h"

using namespace yore;

TEST_CASE("CRC-32C gives the sums that RFC 3720 and the polynomial's catalogue list") {
    CHECK(crc32c({}) == 0);
    CHECK(crc32c(as_bytes("123456789")) == 0xE3069283);
    Bytes bytes(32);
    CHECK(crc32c(bytes) == 0x8A9136AA);
    std::fill(bytes.begin(), bytes.end(), std::byte{0xFF});
    CHECK(crc32c(bytes) == 0x62A8AB43);
    for (unsigned i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
    CHECK(crc32c(bytes) == 0x46DD794E);
}

TEST_CASE("CRC-32C is the same in pieces wherever it is cut, and by the table") {
    Bytes bytes(100);
    for (unsigned i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 37);
    const ByteView view = bytes;
    for (std::size_t cut = 0; cut <= view.size(); ++cut) {
        Crc32c sum;
        sum.add(view.first(cut));
        sum.add(view.subspan(cut));
        CHECK(sum.value() == crc32c(view));
        CHECK(~crc32c_by_table(~0U, view.first(cut)) == crc32c(view.first(cut)));
    }
}
