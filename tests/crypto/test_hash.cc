// SPDX-License-Identifier: Apache-2.0
#include <yore/crypto/hash.h>

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;
using namespace yore::crypto;
using yore::test::from_hex, yore::test::test_seed;

TEST_CASE("SHA-256 gives the digests of FIPS 180") {
    CHECK(to_hex(sha256(ByteView{})) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(to_hex(sha256(as_bytes("abc"))) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(to_hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(to_hex(sha256(as_bytes(std::string(1'000'000, 'a')))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    CHECK(sha256({as_bytes("a"), {}, as_bytes("bc")}) == sha256(as_bytes("abc")));
}

TEST_CASE("SHA-256 of bytes in pieces is that of the whole") {
    const std::string text(200, 'a');
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Sha256 sum;
        sum.add(as_bytes(text).first(cut));
        sum.add(as_bytes(text).subspan(cut));
        CHECK(sum.finish() == sha256(as_bytes(text)));
    }
}

TEST_CASE("HMAC-SHA-256 gives the digests of RFC 4231") {
    struct Vector {
        std::string key, data, digest;
    };
    auto text = [](std::string_view t) { return to_hex(as_bytes(t)); };
    auto repeated = [](std::string_view byte, int count) {
        std::string hex;
        for (int i = 0; i < count; ++i) hex += byte;
        return hex;
    };
    const std::vector<Vector> vectors = {
        {repeated("0b", 20), text("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {text("Jefe"), text("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {repeated("aa", 20), repeated("dd", 50),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {"0102030405060708090a0b0c0d0e0f10111213141516171819", repeated("cd", 50),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {repeated("aa", 131), text("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {repeated("aa", 131),
         text("This is a test using a larger than block-size key and a larger than block-size "
              "data. The key needs to be hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}};
    for (const Vector& vector : vectors) {
        CAPTURE(vector.key, vector.data);
        HmacSha256 hmac(from_hex(vector.key));
        CHECK(to_hex(hmac.digest(from_hex(vector.data))) == vector.digest);
        CHECK(to_hex(hmac.digest(from_hex(vector.data))) == vector.digest);  // nothing is used up
    }
}

TEST_CASE("HMAC is what RFC 2104 writes out, for every length of key and split of the input") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    for (int i = 0; i < 500; ++i) {
        Bytes key(random.below(140)), data(random.below(300));
        random.fill(key);
        random.fill(data);
        Bytes block = key.size() > 64 ? to_bytes(sha256(key)) : key;
        block.resize(64);
        Bytes inner = block, outer = block;
        for (auto& byte : inner) byte ^= std::byte{0x36};
        for (auto& byte : outer) byte ^= std::byte{0x5c};
        Digest expected = sha256({outer, sha256({inner, data})});

        HmacSha256 hmac(key);
        CAPTURE(key.size(), data.size());
        REQUIRE(hmac.digest(data) == expected);
        ByteView view = data;
        std::size_t cut = random.below(data.size() + 1);
        REQUIRE(hmac.digest({view.first(cut), view.subspan(cut)}) == expected);
    }
}

TEST_CASE("one HMAC serves many threads") {
    const HmacSha256 hmac(as_bytes("key"));
    test::in_threads(4, [&](unsigned thread) {
        SeededRandom random(thread);
        Bytes data(1 + random.below(2'000));
        random.fill(data);
        Digest expected = HmacSha256(as_bytes("key")).digest(data);
        for (int i = 0; i < 2'000; ++i) {
            if (hmac.digest(data) != expected) return false;
        }
        return true;
    });
}

TEST_CASE("a moved HMAC keeps its key") {
    HmacSha256 first(as_bytes("key"));
    Digest expected = first.digest(as_bytes("data"));
    HmacSha256 second = std::move(first);
    CHECK(second.digest(as_bytes("data")) == expected);
    HmacSha256 third(as_bytes("other"));
    CHECK(third.digest(as_bytes("data")) != expected);
    third = std::move(second);
    CHECK(third.digest(as_bytes("data")) == expected);
}
