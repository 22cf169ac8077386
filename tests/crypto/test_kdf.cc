// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/crypto/kdf.h>

#include <vector>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;
using namespace yore::crypto;
using yore::test::code_thrown_by, yore::test::from_hex;

namespace {

Bytes counting(unsigned first, unsigned last) {
    Bytes bytes;
    for (unsigned value = first; value <= last; ++value) {
        bytes.push_back(static_cast<std::byte>(value));
    }
    return bytes;
}

std::string hex_of(const SecretKey& key) {
    return to_hex(key.view());
}

std::string scrypt_hex(std::string_view passphrase, std::string_view salt,
                       const ScryptParameters& parameters) {
    return hex_of(scrypt(as_bytes(passphrase), as_bytes(salt), parameters));
}

}  // namespace

// The RFCs print longer outputs; of both functions, the first 32 bytes do not depend on the length.
TEST_CASE("HKDF-SHA-256 gives the keys of RFC 5869") {
    Bytes info = counting(0xf0, 0xf9);
    CHECK(hex_of(hkdf_sha256(Bytes(22, std::byte{0x0b}), counting(0, 12), as_text(info))) ==
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    Bytes long_info = counting(0xb0, 0xff);
    CHECK(hex_of(hkdf_sha256(counting(0, 0x4f), counting(0x60, 0xaf), as_text(long_info))) ==
          "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c");
    CHECK(hex_of(hkdf_sha256(Bytes(22, std::byte{0x0b}), {}, "")) ==
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST_CASE("scrypt gives the keys of RFC 7914") {
    CHECK(scrypt_hex("", "", {4, 1, 1}) ==
          "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442");
    CHECK(scrypt_hex("password", "NaCl", {10, 8, 16}) ==
          "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162");
    CHECK(scrypt_hex("pleaseletmein", "SodiumChloride", {14, 8, 1}) ==
          "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}

TEST_CASE("scrypt parameters from disk cannot take memory or time without bound") {
    CHECK(within_bounds(scrypt_default));
    CHECK(within_bounds(scrypt_for_tests));
    CHECK(within_bounds({20, 8, 1}));  // 1 GiB
    CHECK(within_bounds({20, 8, 4}));  // 4 GiB of work
    const std::vector<ScryptParameters> hostile = {
        {0, 8, 1},  {17, 0, 1},  {17, 8, 0},      {21, 8, 1},   {20, 9, 1},
        {20, 8, 5}, {16, 1, 1},  {255, 255, 255}, {31, 255, 1}, {64, 8, 1},
        {30, 8, 1}, {17, 8, 33}, {10, 255, 255}};
    for (const auto& parameters : hostile) {
        CAPTURE(int{parameters.log2_n}, int{parameters.r}, int{parameters.p});
        CHECK_FALSE(within_bounds(parameters));
        CHECK(code_thrown_by([&] { scrypt(as_bytes("x"), as_bytes("y"), parameters); }) ==
              Errc::corrupt);
    }
}

TEST_CASE("passphrase, salt and each parameter change the key") {
    auto base = scrypt_hex("a", "b", {4, 2, 1});
    CHECK(base == scrypt_hex("a", "b", {4, 2, 1}));
    CHECK(base != scrypt_hex("A", "b", {4, 2, 1}));
    CHECK(base != scrypt_hex("a", "B", {4, 2, 1}));
    CHECK(base != scrypt_hex("a", "b", {5, 2, 1}));
    CHECK(base != scrypt_hex("a", "b", {4, 3, 1}));
    CHECK(base != scrypt_hex("a", "b", {4, 2, 2}));
}
