// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/lsn.h>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace yore;
using namespace yore::postgresql;

TEST_CASE("An LSN is written as PostgreSQL writes it") {
    CHECK(to_text(Lsn{0x3000060}) == "0/3000060");
    CHECK(to_text(Lsn{0x16'B374D848}) == "16/B374D848");
    CHECK(to_name(Lsn{0x16'B374D848}) == "16-B374D848");
    CHECK(to_text(Lsn{}) == "0/0");
    CHECK(to_text(Lsn{~0ull}) == "FFFFFFFF/FFFFFFFF");
}

TEST_CASE("An LSN is read in either case and with leading zeros") {
    CHECK(parse_lsn("16/b374d848") == Lsn{0x16'B374D848});
    CHECK(parse_lsn("0/0000000A") == Lsn{10});
    CHECK(parse_lsn_name("0-3000060") == Lsn{0x3000060});
}

TEST_CASE("What is no LSN is refused") {
    for (const char* text : {"", "/", "0/", "/0", "0", "0-1", "1/2/3", "0/123456789", "0x1/1",
                             "-1/1", "+1/1", " 0/1", "0/1 ", "0/G"}) {
        INFO(text);
        CHECK_FALSE(parse_lsn(text));
    }
    CHECK_FALSE(parse_lsn_name("0/1"));
}

TEST_CASE("Every LSN is read back from both of its texts") {
    CHECK(rc::check([](std::uint64_t value) {
        const Lsn lsn{value};
        RC_ASSERT(parse_lsn(to_text(lsn)) == lsn);
        RC_ASSERT(parse_lsn_name(to_name(lsn)) == lsn);
        RC_ASSERT(lsn_of(position_of(lsn)) == lsn);
    }));
}
