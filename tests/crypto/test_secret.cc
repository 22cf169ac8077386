// SPDX-License-Identifier: Apache-2.0
#include <yore/crypto/secret.h>

#include <new>
#include <type_traits>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;
using namespace yore::crypto;

static_assert(!std::is_copy_constructible_v<SecretBytes> &&
              !std::is_copy_assignable_v<SecretBytes>);
static_assert(!std::is_copy_constructible_v<SecretKey> && !std::is_copy_assignable_v<SecretKey>);

TEST_CASE("a key is wiped where it was when it goes or moves on") {
    SeededRandom random(1);
    alignas(SecretKey) std::byte place[sizeof(SecretKey)];
    auto* key = new (place) SecretKey(SecretKey::random(random));
    Bytes value = to_bytes(key->view());
    CHECK_FALSE(equal(value, Bytes(32)));
    SecretKey moved = std::move(*key);
    CHECK(equal(moved.view(), value));
    CHECK(equal(key->view(), Bytes(32)));
    *key = moved.clone();
    CHECK(equal(key->view(), value));
    CHECK(equal(moved.view(), value));
    key->~SecretKey();
    std::byte left[sizeof place];
    std::memcpy(left, place, sizeof place);
    CHECK(equal(left, Bytes(sizeof place)));
}

TEST_CASE("secret bytes have one owner") {
    SecretBytes first = SecretBytes::copy_of(as_bytes("passphrase"));
    SecretBytes second = std::move(first);
    CHECK(first.empty());
    CHECK(as_text(second.view()) == "passphrase");
    first = SecretBytes::copy_of(as_bytes("other"));
    first = std::move(second);
    CHECK(as_text(first.view()) == "passphrase");
    CHECK(second.view().empty());
    CHECK(SecretBytes(3).size() == 3);
    CHECK(SecretBytes::copy_of({}).empty());
}

TEST_CASE("secrets are compared whole") {
    CHECK(equal_secret(as_bytes("abc"), as_bytes("abc")));
    CHECK_FALSE(equal_secret(as_bytes("abc"), as_bytes("abd")));
    CHECK_FALSE(equal_secret(as_bytes("abc"), as_bytes("ab")));
    CHECK(equal_secret({}, {}));
}
