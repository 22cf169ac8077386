// SPDX-License-Identifier: Apache-2.0
#include <yore/command/text.h>

#include "../support.h"
#include "cli/terminal.h"

using namespace yore;
using namespace yore::cli;

TEST_CASE("a stored name cannot move the cursor or hide a part of itself") {
    CHECK(printable("plain") == "plain");
    CHECK(printable("caf\xc3\xa9 \xe6\x97\xa5") == "caf\xc3\xa9 \xe6\x97\xa5");
    CHECK(printable("a\nb\tc") == "a\\nb\\tc");
    CHECK(printable("\x1b[2J") == "\\x1b[2J");
    CHECK(printable("\x7f") == "\\x7f");
    CHECK(printable("\xc2\x9b"
                    "31m") == "\\x9b31m");  // CSI as one C1 character
    CHECK(printable("a\xe2\x80\xae"
                    "b") == "a\\u{202e}b");                 // right-to-left override
    CHECK(printable("a\xe2\x80\x8b") == "a\\u{200b}");      // zero width
    CHECK(printable("bad\xff\xc3") == "bad\\xff\\xc3");     // not UTF-8
    CHECK(printable("back\\slash") == "back\\\\slash");     // so that escapes are unique
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
    CHECK(printable(std::string_view("\0x", 2)) == "\\x00x");
}

TEST_CASE("whatever the bytes, what is shown is UTF-8 without control characters") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random.below(20), '\0');
        random.fill({reinterpret_cast<std::byte*>(bytes.data()), bytes.size()});
        const std::string shown = printable(bytes);
        CHECK(command::is_utf8(shown));
        CHECK(std::ranges::none_of(shown, [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte < 0x20 || byte == 0x7f;
        }));
    }
}

TEST_CASE("columns count characters, not bytes") {
    CHECK(columns_of("") == 0);
    CHECK(columns_of("caf\xc3\xa9") == 4);
}

TEST_CASE("tables are aligned, and their last column is not padded") {
    Table table({Table::Align::left, Table::Align::right, Table::Align::left});
    table.add({"NAME", "SIZE", "NOTE"});
    table.add({"caf\xc3\xa9s", "7", "x"});
    table.add({"a", "12345", ""});
    CHECK(table.text() ==
          "NAME    SIZE  NOTE\n"
          "caf\xc3\xa9s      7  x\n"
          "a      12345  \n");
}
