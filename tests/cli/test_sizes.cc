// SPDX-License-Identifier: Apache-2.0
#include "../support.h"
#include "cli/sizes.h"

using namespace yore;
using namespace yore::cli;

TEST_CASE("sizes are read in powers of 1024") {
    CHECK(parse_size("0") == 0);
    CHECK(parse_size("4096") == 4096);
    CHECK(parse_size("64K") == 65536);
    CHECK(parse_size("64k") == 65536);
    CHECK(parse_size("1.5G") == 1610612736);
    CHECK(parse_size("2MiB") == 2097152);
    CHECK(parse_size("2 MB") == 2097152);
    CHECK(parse_size("7B") == 7);
}

TEST_CASE("what is no size is refused") {
    for (const char* text :
         {"", "M", "-1", "+1", "1X", "1.2.3", ".5", "1KiBs", "99E", "1 2", "1BB"})
        CHECK_FALSE(parse_size(text));
}

TEST_CASE("sizes are shown with three digits") {
    CHECK(human_size(0) == "0 B");
    CHECK(human_size(1023) == "1023 B");
    CHECK(human_size(1024) == "1.00 KiB");
    CHECK(human_size(1536) == "1.50 KiB");
    CHECK(human_size(30u << 20) == "30.0 MiB");
    CHECK(human_size((1u << 20) - 1) == "1.00 MiB");
    CHECK(human_size(~0ull) == "16.0 EiB");
}

TEST_CASE("a size that is shown reads back as nearly the same") {
    for (std::uint64_t size = 1; size < (1ull << 60); size = size * 3 + 1) {
        const auto back = parse_size(human_size(size));
        REQUIRE(back);
        const double difference = static_cast<double>(*back) - static_cast<double>(size);
        CHECK(std::abs(difference) <= 0.006 * static_cast<double>(size));
    }
}

TEST_CASE("numbers and spans are grouped for people") {
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1000) == "1,000");
    CHECK(grouped(1234567) == "1,234,567");
    CHECK(counted(1, "file") == "1 file");
    CHECK(counted(0, "file") == "0 files");
    CHECK(counted(1000, "file") == "1,000 files");
    CHECK(human_seconds(7) == "0:07");
    CHECK(human_seconds(754) == "12:34");
    CHECK(human_seconds(12345) == "3:25:45");
}
