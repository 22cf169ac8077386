// SPDX-License-Identifier: Apache-2.0
#include <yore/crypto/siphash.h>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;

TEST_CASE("SipHash gives the values of its authors' test vectors") {
    Bytes key, input;
    for (int i = 0; i < 16; ++i) key.push_back(static_cast<std::byte>(i));
    const crypto::SipHash hash(key);
    // vectors_sip128 of the reference implementation, for inputs of 0, 1, 2 … bytes 00 01 02 …
    const char* const expected[] = {
        "a3817f04ba25a8e66df67214c7550293", "da87c1d86b99af44347659119b22fc45",
        "8177228da4a45dc7fca38bdef60affe4", "9c70b60c5267a94e5f33b6b02985ed51",
        "f88164c12d9c8faf7d0f6e7c7bcd5579", "1368875980776f8854527a07690e9627",
        "14eeca338b208613485ea0308fd7a15e", "a1f1ebbed8dbc153c0b84aa61ff08239",
        "3b62a9ba6258f5610f83e264f31497b4"};
    for (const char* digits : expected) {
        const auto words = hash.hash(input);
        CHECK(to_hex(std::as_bytes(std::span(words))) == digits);
        input.push_back(static_cast<std::byte>(input.size()));
    }
}
